import type { ImageSettings } from '../../platform/oci-image/index.ts'
import type { GatheredSeed } from './gather-seed.ts'
import { PLACES, PORT, USER_ID } from './image-places.ts'

const READY = `http://127.0.0.1:'+(process.env.ESTEIRA_PORT||${PORT})+'/v2/health/ready`

/** Asks the gateway in the same container; ends with 0 when it is ready to answer. */
export const HEALTH_COMMAND: readonly string[] = [
  PLACES.node,
  '-e',
  `fetch('${READY}').then((answer)=>process.exit(answer.ok?0:1),()=>process.exit(1))`,
]

/** How a container of an endpoint is run. */
export function imageSettings(
  gathered: GatheredSeed,
  about: { readonly start: string; readonly licences: string },
): ImageSettings {
  return {
    architecture: process.arch,
    entrypoint: [PLACES.node, about.start, PLACES.endpoint],
    environment: {
      PATH: '/usr/local/bin',
      HOME: PLACES.data,
      NODE_ENV: 'production',
      SSL_CERT_FILE: `/${CERTIFICATES}`,
      ORT_DISABLE_TELEMETRY: '1',
      ESTEIRA_HOST: '0.0.0.0',
      ESTEIRA_PORT: String(PORT),
      ESTEIRA_DATA_DIR: PLACES.data,
    },
    labels: imageLabels(gathered, about.licences),
    user: `${USER_ID}:${USER_ID}`,
    ports: [PORT],
    volumes: [PLACES.data],
    workingFolder: PLACES.data,
    healthCheck: {
      command: HEALTH_COMMAND,
      intervalMs: 10_000,
      timeoutMs: 5_000,
      startPeriodMs: 30_000,
      retries: 3,
    },
  }
}

/** Where Debian and its kin keep the certificates of authorities, relative to the root. */
export const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt'

/** What the image is, for registries and people: nothing that changes without its contents. */
export function imageLabels(
  { seed, projectDigest }: Pick<GatheredSeed, 'seed' | 'projectDigest'>,
  licences: string,
): Readonly<Record<string, string>> {
  const { version, endpoint, release } = seed
  return {
    'org.opencontainers.image.title': endpoint,
    'org.opencontainers.image.description': `Answers predictions of ${version.model} version ${version.version}`,
    'org.opencontainers.image.version': String(version.version),
    'org.opencontainers.image.revision': version.artifact.digest,
    'org.opencontainers.image.licenses': licences,
    'esteira.endpoint': endpoint,
    'esteira.model.name': version.model,
    'esteira.model.version': String(version.version),
    'esteira.model.digest': `sha256:${version.artifact.digest}`,
    'esteira.project.digest': `sha256:${projectDigest}`,
    'esteira.release': release,
  }
}
