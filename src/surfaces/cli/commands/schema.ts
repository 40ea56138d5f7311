import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'

/** `esteira schema`: the JSON Schema of a project file, for editors and other languages. */
export function schemaCommand(session: CommandSession): Command {
  const command = new Command('schema').description('Print the JSON Schema of a project file.')
  return session.complete(command, async () => {
    const { projectJsonSchema } = await import('../../../platform/project-file/index.ts')
    const schema = projectJsonSchema()
    return { json: schema, text: JSON.stringify(schema, null, 2) }
  })
}
