import type { Project } from '../../core/records/index.ts'
import type { Experiment } from '../../platform/tracking/index.ts'
import type { Platform } from '../platform.ts'

/**
 * The experiment of a project's belt: it has the project's name, or that with ` (belt)` where
 * another project has an experiment of the name. Undefined when there is none that may be written
 * to: people deleted it, or others hold both names.
 */
export async function beltExperiment(
  platform: Pick<Platform, 'actor' | 'tracking'> & { readonly project: Pick<Project, 'name'> },
): Promise<Experiment | undefined> {
  const { project, actor } = platform
  const store = await platform.tracking()
  for (const name of [project.name, `${project.name} (belt)`]) {
    const known = await store.findExperimentByName(name)
    if (known === undefined) {
      const tags = { 'esteira.project': project.name }
      return store.createExperiment(actor, { name, project: project.name, tags })
    }
    if (known.project !== project.name) continue
    return known.lifecycle === 'active' ? known : undefined
  }
  return undefined
}
