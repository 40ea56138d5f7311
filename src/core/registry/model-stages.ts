/** MLflow's stages; an environment of Esteira stands behind the middle two. */
export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const
export type Stage = (typeof STAGES)[number]
