import { parseDocument } from 'yaml'
import { z } from 'zod'
import { refusalError, type VersionName } from './errors.ts'

const textOrNull = z.string().nullish()

const mlmodelSchema = z.object({
  mlflow_version: textOrNull,
  flavors: z.record(z.string(), z.record(z.string(), z.unknown())),
  signature: z.object({ inputs: textOrNull, outputs: textOrNull }).nullish(),
  saved_input_example_info: z
    .object({ artifact_path: z.string(), type: z.string(), pandas_orient: textOrNull })
    .nullish(),
})
/** What an `MLmodel` file says, as far as an adoption asks. */
export type MlModel = z.output<typeof mlmodelSchema>

/** MLflow writes no aliases, and no tags of other languages. */
const MAX_ALIASES = 0

/**
 * Reads an `MLmodel` file: YAML of plain values only.
 * @throws MODEL_FILE_INVALID
 */
export function readMlModel(text: string, name: VersionName): MlModel {
  const invalid = (reason: string) =>
    refusalError(name, {
      code: 'MODEL_FILE_INVALID',
      message: `its MLmodel file ${reason}`,
      hint: 'Log the model again with an MLflow client.',
    })
  let value: unknown
  try {
    const document = parseDocument(text, { schema: 'core', strict: true, uniqueKeys: true })
    const fault = document.errors[0] ?? document.warnings[0]
    if (fault !== undefined) throw fault
    value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw invalid(`is no plain YAML (${reason})`)
  }
  const parsed = mlmodelSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(`is not as MLflow writes it (${issue?.path.join('.')}: ${issue?.message})`)
}
