import type { Project, Source } from '../../core/records/index.ts'

/**
 * A project as its image knows it: as data, with every default filled in, so that no code is run to
 * read it. Sources become placeholders, for their addresses and credentials have no business there;
 * nothing retrains where there is neither data nor Python.
 */
export function packedProject(project: Project): Project {
  const sources = Object.fromEntries(
    Object.entries(project.sources).map(([name, source]) => [name, placeholder(source)]),
  )
  const { replay: _replay, $schema: _schema, ...rest } = project
  return { ...rest, sources, retraining: { ...project.retraining, triggers: [] } }
}

function placeholder({ personalData }: Source): Source {
  return {
    kind: 'parquet',
    path: 'not-packed.parquet',
    personalData,
    expectations: [],
    tolerance: 0,
  }
}
