import { projectJsonSchema } from '../../src/platform/project-file/index.ts'
import { commandLinePage } from './command-line-page.ts'
import { errorsPage } from './errors-page.ts'
import { projectFilePage } from './project-file-page.ts'

/** A page of the reference that is made from the code. */
export interface ReferencePage {
  /** Relative to the repository's root. */
  readonly file: string
  readonly text: string
}

/** Every generated page, as it should be now. */
export async function referencePages(): Promise<ReferencePage[]> {
  const schema = projectJsonSchema()
  return [
    { file: 'docs/reference/cli.md', text: commandLinePage() },
    { file: 'docs/reference/errors.md', text: await errorsPage() },
    { file: 'docs/reference/project-file.md', text: projectFilePage(schema) },
    {
      file: 'docs/reference/project.schema.json',
      text: `${JSON.stringify(schema, null, 2)}\n`,
    },
  ]
}
