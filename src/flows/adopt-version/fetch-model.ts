import { join } from 'node:path'
import type { ChosenFlavor } from './choose-flavor.ts'
import { refusalError, type VersionName } from './errors.ts'
import type { ModelFolder } from './model-folder.ts'

/** What MLflow lays beside a model; no model reads it. */
const BYSTANDER = /^(MLmodel|.*\.(json|ya?ml|txt|md))$/
const MAX_SIBLINGS = 32

/**
 * Copies the model file, and for ONNX the files with its weights, into an empty folder.
 * @returns the names of the files beside the model
 * @throws MODEL_FILE_MISSING, MODEL_TOO_LARGE, MODEL_FILE_INVALID
 */
export async function fetchModel(
  {
    folder,
    target,
    name,
  }: { readonly folder: ModelFolder; readonly target: string; readonly name: VersionName },
  chosen: ChosenFlavor,
): Promise<readonly string[]> {
  await folder.copy(chosen.path, join(target, chosen.fileName))
  if (chosen.format !== 'onnx') return []
  const siblings = (await folder.namesBeside(chosen.path)).filter(
    (sibling) => !BYSTANDER.test(sibling) && sibling !== chosen.fileName,
  )
  if (siblings.length > MAX_SIBLINGS) {
    throw refusalError(name, {
      code: 'MODEL_TOO_LARGE',
      message: `${siblings.length} files lie beside the ONNX file, at most ${MAX_SIBLINGS} are read`,
      hint: 'Log the model with its weights in one file.',
    })
  }
  const parent = chosen.path.split('/').slice(0, -1)
  for (const sibling of siblings) {
    await folder.copy([...parent, sibling].join('/'), join(target, sibling))
  }
  return siblings
}
