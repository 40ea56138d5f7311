import type { Project } from '../../core/records/index.ts'

/** The endpoint's name in `/v2/models/{endpoint}/infer`. */
export function endpointName(project: Pick<Project, 'name' | 'deployment'>): string {
  return project.deployment.endpoint ?? project.name
}

/** Under which name the metadata store keeps an endpoint's state. */
export function endpointStateName(endpoint: string): string {
  return `endpoint:${endpoint}`
}
