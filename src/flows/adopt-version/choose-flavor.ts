import type { ClientModelFormat } from '../../platform/workers/index.ts'
import { refusalError, type VersionName } from './errors.ts'
import type { MlModel } from './read-mlmodel.ts'

export interface ChosenFlavor {
  readonly flavor: 'onnx' | 'sklearn' | 'xgboost'
  readonly format: ClientModelFormat
  /** The model file, from the model's folder. */
  readonly path: string
  /** What it is called in the sandbox; the ending tells some readers the format. */
  readonly fileName: string
  /** Versions that the client names. */
  readonly packages: Readonly<Record<string, string>>
}

type Flavor = Readonly<Record<string, unknown>>

const SUPPORTED = ['onnx', 'sklearn', 'xgboost'] as const

/**
 * Which file of a logged model is read, and how: ONNX where there is one, for it runs as it is.
 * @throws MODEL_FLAVOR_UNSUPPORTED, MODEL_FILE_INVALID
 */
export function chooseFlavor({ flavors }: MlModel, name: VersionName): ChosenFlavor {
  const flavor = SUPPORTED.find((known) => flavors[known] !== undefined)
  const own = flavor === undefined ? undefined : flavors[flavor]
  if (flavor === undefined || own === undefined) {
    const got = Object.keys(flavors).join(', ') || 'none'
    throw refusalError(name, {
      code: 'MODEL_FLAVOR_UNSUPPORTED',
      message: `its flavors are ${got}; expected one of ${SUPPORTED.join(', ')}`,
      hint: 'Convert the model to ONNX and log it with mlflow.onnx.log_model.',
    })
  }
  if (flavor === 'onnx') return onnx(own, name)
  return flavor === 'sklearn' ? sklearn(own, name) : xgboost(own, name)
}

function textOf(flavor: Flavor, key: string, name: VersionName): string {
  const value = flavor[key]
  if (typeof value === 'string' && value !== '') return value
  throw refusalError(name, {
    code: 'MODEL_FILE_INVALID',
    message: `its MLmodel file names no ${key}`,
    hint: 'Log the model again with an MLflow client.',
  })
}

function versionOf(flavor: Flavor, key: string, ofPackage: string) {
  const value = flavor[key]
  return typeof value === 'string' ? { [ofPackage]: value } : {}
}

function onnx(flavor: Flavor, name: VersionName): ChosenFlavor {
  return {
    flavor: 'onnx',
    format: 'onnx',
    path: textOf(flavor, 'data', name),
    fileName: 'model.onnx',
    packages: versionOf(flavor, 'onnx_version', 'onnx'),
  }
}

function sklearn(flavor: Flavor, name: VersionName): ChosenFlavor {
  const isSkops = flavor.serialization_format === 'skops'
  return {
    flavor: 'sklearn',
    format: isSkops ? 'skops' : 'pickle',
    path: textOf(flavor, 'pickled_model', name),
    fileName: isSkops ? 'model.skops' : 'model.pkl',
    packages: versionOf(flavor, 'sklearn_version', 'scikit-learn'),
  }
}

const XGBOOST_ENDINGS = ['json', 'ubj']

function xgboost(flavor: Flavor, name: VersionName): ChosenFlavor {
  const path = textOf(flavor, 'data', name)
  const ending = path.split('.').at(-1) ?? ''
  const isOwn = XGBOOST_ENDINGS.includes(ending)
  if (!isOwn && !/\.(pkl|pickle)$/.test(path)) {
    throw refusalError(name, {
      code: 'MODEL_FLAVOR_UNSUPPORTED',
      message: `XGBoost's old format (${path}) is no longer read by XGBoost itself`,
      hint: 'Log the model with model_format="ubj" or "json".',
    })
  }
  return {
    flavor: 'xgboost',
    format: isOwn ? 'xgboost' : 'pickle',
    path,
    fileName: isOwn ? `model.${ending}` : 'model.pkl',
    packages: versionOf(flavor, 'xgb_version', 'xgboost'),
  }
}
