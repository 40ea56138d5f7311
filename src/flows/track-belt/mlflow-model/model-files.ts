import { stringify } from 'yaml'
import type { Evaluation, ModelSignature, Run, Verdict } from '../../../core/records/index.ts'
import { isoTime } from '../../../core/time/index.ts'
import { nameColumns, outputColumns } from '../../../platform/inference/index.ts'

export interface ModelFacts {
  readonly modelId: string
  readonly artifactUri: string
  /** The run's id in the tracking store. */
  readonly trackedRunId: string
  readonly createdAtMs: number
  readonly run: Run
  readonly evaluation: Evaluation
  readonly verdict: Verdict
  /** The ONNX file that is served. */
  readonly model: Uint8Array
  /** The model card, in Markdown. */
  readonly card: string
}

/** The newest MLflow that files like these were read with; older ones from 2.9 read them too. */
const MLFLOW_VERSION = '3.17.2'
const PYTHON_VERSION = '3.11'
const MODEL_FILE = 'model.onnx'

/**
 * The files of an MLflow model in ONNX flavour, by path in its folder, beside the platform's own
 * signature and the model card. Its columns go by their names.
 */
export function modelFiles(facts: ModelFacts): ReadonlyMap<string, Uint8Array> {
  const { run, model, card } = facts
  const named = nameColumns(model, run.signature)
  const packages = requirements(run)
  const texts: Record<string, string> = {
    'conda.yaml': stringify({
      channels: ['conda-forge'],
      dependencies: [`python=${PYTHON_VERSION}`, 'pip', { pip: packages }],
      name: 'mlflow-env',
    }),
    'python_env.yaml': stringify({
      python: PYTHON_VERSION,
      build_dependencies: ['pip', 'setuptools', 'wheel'],
      dependencies: ['-r requirements.txt'],
    }),
    'requirements.txt': `${packages.join('\n')}\n`,
    'signature.json': `${JSON.stringify(run.signature, null, 2)}\n`,
    'model-card.md': card,
  }
  const files = new Map<string, Uint8Array>([[MODEL_FILE, named]])
  for (const [name, text] of Object.entries(texts)) files.set(name, Buffer.from(text, 'utf8'))
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0)
  // Last: a folder with this file is a whole model.
  files.set('MLmodel', Buffer.from(stringify(mlmodel(facts, bytes)), 'utf8'))
  return files
}

function requirements({ packages }: Run): string[] {
  const { onnx } = packages
  return ['mlflow>=2.9', onnx === undefined ? 'onnx' : `onnx==${onnx}`, 'onnxruntime>=1.20']
}

function mlmodel(facts: ModelFacts, bytes: number) {
  const { run, evaluation, verdict, modelId } = facts
  return {
    artifact_path: facts.artifactUri,
    flavors: {
      onnx: {
        code: null,
        data: MODEL_FILE,
        onnx_session_options: null,
        onnx_version: run.packages.onnx ?? 'unknown',
        providers: ['CPUExecutionProvider'],
      },
      python_function: {
        code: null,
        data: MODEL_FILE,
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        loader_module: 'mlflow.onnx',
        python_version: PYTHON_VERSION,
      },
    },
    metadata: {
      esteira_run: run.id,
      esteira_evaluation: evaluation.id,
      esteira_verdict: verdict.id,
      esteira_threshold: evaluation.threshold,
      esteira_served_file: run.model.digest,
    },
    mlflow_version: MLFLOW_VERSION,
    model_id: modelId,
    model_size_bytes: bytes,
    model_uuid: modelId,
    prompts: null,
    run_id: facts.trackedRunId,
    signature: mlflowSignature(run.signature),
    utc_time_created: isoTime(facts.createdAtMs).replace('T', ' ').replace('Z', ''),
  }
}

/** The columns as MLflow's clients check them: JSON texts within the YAML. */
function mlflowSignature(signature: ModelSignature) {
  const inputs = signature.inputs.map(({ name, kind }) => ({
    type: kind === 'number' ? 'double' : 'string',
    name,
    required: true,
  }))
  const outputs = outputColumns(signature).map(({ name, type }) => ({ type, name, required: true }))
  return { inputs: JSON.stringify(inputs), outputs: JSON.stringify(outputs), params: null }
}
