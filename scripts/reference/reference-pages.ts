import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { projectJsonSchema } from '../../src/platform/project-file/index.ts'
import { ROOT } from '../checks/repository.ts'
import { commandLinePage } from './command-line-page.ts'
import { errorsPage } from './errors-page.ts'
import { mlflowApiPage } from './mlflow-api-page.ts'
import { permissionsPage } from './permissions-page.ts'
import { projectFilePage } from './project-file-page.ts'

/** A page of the reference that is made from the code. */
export interface ReferencePage {
  /** Relative to the repository's root. */
  readonly file: string
  readonly text: string
}

/** The text as the formatter wants it, so that `npm run check` accepts what was generated. */
function formatted(file: string, text: string): string {
  const biome = path.join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'format', `--stdin-file-path=${file}`]
  return execFileSync(process.execPath, args, { cwd: ROOT, input: text, encoding: 'utf8' })
}

function markdownPage(file: string, text: string): ReferencePage {
  return { file, text: formatted(file, text) }
}

/** Every generated page, as it should be now. */
export function referencePages(): ReferencePage[] {
  const schema = projectJsonSchema()
  return [
    markdownPage('docs/reference/cli.md', commandLinePage()),
    markdownPage('docs/reference/errors.md', errorsPage()),
    markdownPage('docs/reference/mlflow-api.md', mlflowApiPage()),
    markdownPage('docs/reference/permissions.md', permissionsPage()),
    markdownPage('docs/reference/project-file.md', projectFilePage(schema)),
    {
      file: 'docs/reference/project.schema.json',
      text: `${JSON.stringify(schema, null, 2)}\n`,
    },
  ]
}
