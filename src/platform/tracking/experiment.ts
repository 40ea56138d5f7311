export type Lifecycle = 'active' | 'deleted'
export type Tags = Readonly<Record<string, string>>

export interface Experiment {
  /** A decimal number as text; `0` is the first one, "Default". */
  readonly id: string
  /** Unique among all experiments of a server, deleted ones included. */
  readonly name: string
  /** The project whose roles govern it. */
  readonly project: string
  /** Where the artifacts of its runs go by default, such as `mlflow-artifacts:/7`. */
  readonly artifactLocation: string
  readonly lifecycle: Lifecycle
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly tags: Tags
}
