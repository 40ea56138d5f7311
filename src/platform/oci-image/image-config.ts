/** How a container's health is asked: Docker's extension of the OCI configuration. */
export interface HealthCheck {
  /** A command and its arguments, without a shell. */
  readonly command: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Failures that do not count yet, from the start on. */
  readonly startPeriodMs: number
  readonly retries: number
}

/** How a container of the image is run. */
export interface ImageSettings {
  /** As Node calls it: `x64`, `arm64`. */
  readonly architecture: string
  readonly entrypoint: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** `uid:gid`. */
  readonly user: string
  /** TCP ports. */
  readonly ports: readonly number[]
  /** Paths that are written to. */
  readonly volumes: readonly string[]
  readonly workingFolder: string
  readonly healthCheck: HealthCheck
}

export interface LayerHistory {
  readonly diffId: string
  /** What the layer holds, for people who list the image's history. */
  readonly summary: string
}

/** Go's names of architectures, which images use. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
const NANOSECONDS = 1_000_000

export function platformOf({ architecture }: ImageSettings) {
  return { architecture: ARCHITECTURES[architecture] ?? architecture, os: 'linux' }
}

/**
 * The configuration document of an image (OCI image specification 1.1, "Image Configuration").
 * @param createdMs when the image says it was made
 */
export function imageConfig(
  settings: ImageSettings,
  layers: readonly LayerHistory[],
  createdMs: number,
) {
  const created = new Date(createdMs).toISOString()
  const { healthCheck } = settings
  const set = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]))
  return {
    created,
    ...platformOf(settings),
    config: {
      User: settings.user,
      ExposedPorts: set(settings.ports.map((port) => `${port}/tcp`)),
      Env: Object.entries(settings.environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: settings.entrypoint,
      Volumes: set(settings.volumes),
      WorkingDir: settings.workingFolder,
      Labels: settings.labels,
      StopSignal: 'SIGTERM',
      Healthcheck: {
        Test: ['CMD', ...healthCheck.command],
        Interval: healthCheck.intervalMs * NANOSECONDS,
        Timeout: healthCheck.timeoutMs * NANOSECONDS,
        StartPeriod: healthCheck.startPeriodMs * NANOSECONDS,
        Retries: healthCheck.retries,
      },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ summary }) => ({
      created,
      created_by: 'esteira package',
      comment: summary,
    })),
  }
}
