import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import type { LoadedProject, NotChecked } from '../../../platform/project-file/index.ts'
import type { CommandSession } from '../command-session.ts'
import { databaseUrl } from '../database-url.ts'
import { countText } from '../presentation/quantities.ts'
import { snapshotColumns } from '../snapshot-columns.ts'

/** Looks at queries and columns with an engine that is gone afterwards. */
async function inspect(
  loaded: LoadedProject,
  url: string | undefined,
): Promise<readonly NotChecked[]> {
  const { project, folder, file, locate } = loaded
  const [{ openTableEngine }, { checkColumns, checkQueries, projectFileErrors }] =
    await Promise.all([
      import('../../../platform/storage/index.ts'),
      import('../../../platform/project-file/index.ts'),
    ])
  const temporaryFolder = mkdtempSync(path.join(tmpdir(), 'esteira-check-'))
  const engine = await openTableEngine({ temporaryFolder })
  try {
    const wrongQueries = await checkQueries(project, { engine, locate })
    if (wrongQueries.length > 0)
      throw projectFileErrors.PROJECT_INVALID({ file, issues: wrongQueries })
    const snapshots = await snapshotColumns({
      project: project.name,
      projectFolder: folder,
      databaseUrl: url,
    })
    const columns = await checkColumns(project, { folder, engine, snapshots, locate })
    if (columns.issues.length > 0) {
      throw projectFileErrors.PROJECT_INVALID({ file, issues: columns.issues })
    }
    return columns.notChecked
  } finally {
    await engine.close()
    rmSync(temporaryFolder, { recursive: true, force: true })
  }
}

function counts({ project }: LoadedProject): string {
  const count = (values: object) => Object.keys(values).length
  return [
    countText(count(project.sources), 'source'),
    countText(count(project.featureViews), 'feature view'),
    countText(project.candidates.length, 'candidate'),
    countText(project.gate.criteria.length, 'criterion', 'criteria'),
  ].join(', ')
}

/** `esteira check`: everything that can be known of a project file without running it. */
export function checkCommand(session: CommandSession): Command {
  const command = new Command('check').description(
    'Validate the project file: fields, references, SQL and columns; nothing is run.',
  )
  return session.complete(command, async (call) => {
    const { loadProject } = await import('../../../platform/project-file/index.ts')
    const loaded = await loadProject(call.project)
    const notChecked = await inspect(loaded, databaseUrl(call.terminal.environment))
    const { project, file, digest } = loaded
    const remarks = notChecked.map(
      ({ what, why }) => `${call.colours.yellow('not checked')}  ${what}: ${why}`,
    )
    const good = `${call.colours.green('good')}  ${file}: ${counts(loaded)}`
    return {
      json: { valid: true, project: project.name, file, digest, notChecked },
      text: [good, ...remarks].join('\n'),
    }
  })
}
