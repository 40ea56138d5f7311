import type { ImageSettings } from '../../platform/oci-image/index.ts'
import { PLACES, PORT, USER_ID } from './image-places.ts'

const SECOND_MS = 1_000

/** A Dockerfile that copies folders of its context to the root, in order, onto a pinned base. */
export function dockerFile({
  baseImage,
  settings,
  folders,
}: {
  readonly baseImage: string
  readonly settings: ImageSettings
  readonly folders: readonly string[]
}): string {
  const { environment, labels, healthCheck: check } = settings
  const quoted = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const seconds = (ms: number) => `${ms / SECOND_MS}s`
  const lines = [
    '# Written by esteira package. Build: docker build --tag <name> .',
    `FROM ${baseImage}`,
    ...folders.map((folder) => `COPY ${folder}/ /`),
    `COPY --chown=${USER_ID}:0 --chmod=770 ${PLACES.data.slice(1)}/ ${PLACES.data}/`,
    `ENV ${quoted(ownEnvironment(environment)).join(' \\\n    ')}`,
    `LABEL ${quoted(labels).join(' \\\n      ')}`,
    ...settings.ports.map((port) => `EXPOSE ${port}/tcp`),
    ...settings.volumes.map((volume) => `VOLUME ${volume}`),
    `WORKDIR ${settings.workingFolder}`,
    `USER ${settings.user}`,
    'STOPSIGNAL SIGTERM',
    `HEALTHCHECK --interval=${seconds(check.intervalMs)} --timeout=${seconds(check.timeoutMs)} \\`,
    `  --start-period=${seconds(check.startPeriodMs)} --retries=${check.retries} \\`,
    `  CMD ${JSON.stringify(check.command)}`,
    `ENTRYPOINT ${JSON.stringify(settings.entrypoint)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** A base image has its own search path and certificates. */
function ownEnvironment(environment: ImageSettings['environment']): Record<string, string> {
  const { PATH: _path, SSL_CERT_FILE: _certificates, ...own } = environment
  return own
}

interface Deployed {
  /** The endpoint's name. */
  readonly name: string
  readonly image: string
  readonly settings: ImageSettings
}

/** For Docker Compose: a read-only root, no privileges, the data in a volume. */
export function composeFile({ name, image, settings }: Deployed): string {
  return `services:
  ${name}:
    image: ${image}
    read_only: true
    user: "${settings.user}"
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    tmpfs: [${PLACES.temporary}]
    volumes: ["${name}-data:${PLACES.data}"]
    ports: ["${PORT}:${PORT}"]
    environment:
      # Demanded of every caller; nothing starts without it.
      ESTEIRA_GATEWAY_TOKEN: \${ESTEIRA_GATEWAY_TOKEN:?set a token}
    mem_limit: 1g
    restart: unless-stopped
volumes:
  ${name}-data: {}
`
}

/** For Kubernetes: probes instead of the image's own health check, which it does not read. */
export function kubernetesFile({ name: endpoint, image }: Deployed): string {
  // Names of Kubernetes have no underscore.
  const name = endpoint.replaceAll('_', '-')
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: 2
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: ${USER_ID}
        runAsGroup: ${USER_ID}
        fsGroup: ${USER_ID}
        seccompProfile: { type: RuntimeDefault }
${containerOf(name, image)}
      volumes:
        # Predictions that must outlive a pod need a persistent volume here.
        - { name: data, emptyDir: {} }
        - { name: tmp, emptyDir: {} }
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 80, targetPort: http }]
`
}

/** The part of a deployment that is about the image itself. */
function containerOf(name: string, image: string): string {
  return `      containers:
        - name: gateway
          image: ${image}
          ports: [{ name: http, containerPort: ${PORT} }]
          env:
            - name: ESTEIRA_GATEWAY_TOKEN
              valueFrom: { secretKeyRef: { name: ${name}-gateway, key: token } }
          securityContext:
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: { drop: [ALL] }
          startupProbe:
            httpGet: { path: /v2/health/ready, port: http }
            periodSeconds: 1
            failureThreshold: 60
          readinessProbe:
            httpGet: { path: /v2/health/ready, port: http }
            periodSeconds: 5
          livenessProbe:
            httpGet: { path: /v2/health/live, port: http }
            periodSeconds: 10
          resources:
            requests: { cpu: 500m, memory: 384Mi }
            limits: { memory: 1Gi }
          volumeMounts:
            - { name: data, mountPath: ${PLACES.data} }
            - { name: tmp, mountPath: ${PLACES.temporary} }`
}
