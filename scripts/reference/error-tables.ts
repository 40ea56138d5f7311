import { auditErrors } from '../../src/assurance/audit/index.ts'
import { securityErrors } from '../../src/assurance/security/index.ts'
import type { ErrorTable } from '../../src/core/errors/index.ts'
import { errors as statisticsErrors } from '../../src/core/statistics/errors.ts'
import { adoptionErrors } from '../../src/flows/adopt-version/errors.ts'
import { importErrors } from '../../src/flows/import-mlflow/errors.ts'
import { flowErrors } from '../../src/flows/index.ts'
import { packageEndpointErrors } from '../../src/flows/package-endpoint/index.ts'
import { predictFileErrors } from '../../src/flows/predict-file/index.ts'
import { rolloutErrors } from '../../src/flows/rollout/index.ts'
import { artifactFileErrors } from '../../src/platform/artifact-files/index.ts'
import { databaseErrors } from '../../src/platform/database/index.ts'
import { inferenceErrors } from '../../src/platform/inference/index.ts'
import { ociImageErrors } from '../../src/platform/oci-image/index.ts'
import { orchestrationErrors } from '../../src/platform/orchestration/index.ts'
import { predictionLogErrors } from '../../src/platform/prediction-log/index.ts'
import { projectFileErrors } from '../../src/platform/project-file/index.ts'
import { storageErrors } from '../../src/platform/storage/index.ts'
import { trackingErrors } from '../../src/platform/tracking/index.ts'
import { workerErrors } from '../../src/platform/workers/index.ts'
import { collectionErrors } from '../../src/stages/collection/index.ts'
import { deploymentErrors } from '../../src/stages/deployment/index.ts'
import { evaluationErrors } from '../../src/stages/evaluation/index.ts'
import { featureErrors } from '../../src/stages/features/index.ts'
import { monitoringErrors } from '../../src/stages/monitoring/errors.ts'
import { preparationErrors } from '../../src/stages/preparation/index.ts'
import { problemErrors } from '../../src/stages/problem/index.ts'
import { catalogErrors } from '../../src/stages/registry/catalog/index.ts'
import { governanceErrors } from '../../src/stages/registry/governance/index.ts'
import { registryErrors } from '../../src/stages/registry/index.ts'
import { selectionErrors } from '../../src/stages/selection/index.ts'
import { trainingErrors } from '../../src/stages/training/index.ts'
import { apiErrors } from '../../src/surfaces/api/errors.ts'
import { errors as commandLineErrors } from '../../src/surfaces/cli/errors.ts'
import { gatewayErrors } from '../../src/surfaces/gateway/index.ts'
import { gatewayProcessErrors } from '../../src/surfaces/gateway-processes/index.ts'
import { artifactProxyErrors } from '../../src/surfaces/mlflow/artifacts/index.ts'
import { mlflowErrors } from '../../src/surfaces/mlflow/errors.ts'
import { serverErrors } from '../../src/surfaces/server/errors.ts'
import { repositoryFiles } from '../checks/repository.ts'

/** Every module's table of errors, by the module's folder under `src`. */
export const ERROR_TABLES: Readonly<Record<string, { readonly table: ErrorTable }>> = {
  'assurance/audit': auditErrors,
  'assurance/security': securityErrors,
  'core/statistics': statisticsErrors,
  'platform/artifact-files': artifactFileErrors,
  'platform/inference': inferenceErrors,
  'platform/oci-image': ociImageErrors,
  'platform/orchestration': orchestrationErrors,
  'platform/prediction-log': predictionLogErrors,
  'platform/project-file': projectFileErrors,
  'platform/database': databaseErrors,
  'platform/storage': storageErrors,
  'platform/tracking': trackingErrors,
  'platform/workers': workerErrors,
  'stages/collection': collectionErrors,
  'stages/deployment': deploymentErrors,
  'stages/evaluation': evaluationErrors,
  'stages/features': featureErrors,
  'stages/monitoring': monitoringErrors,
  'stages/preparation': preparationErrors,
  'stages/problem': problemErrors,
  'stages/registry': registryErrors,
  'stages/registry/catalog': catalogErrors,
  'stages/registry/governance': governanceErrors,
  'stages/selection': selectionErrors,
  'stages/training': trainingErrors,
  flows: flowErrors,
  'flows/import-mlflow': importErrors,
  'flows/adopt-version': adoptionErrors,
  'flows/package-endpoint': packageEndpointErrors,
  'flows/predict-file': predictFileErrors,
  'flows/rollout': rolloutErrors,
  'surfaces/cli': commandLineErrors,
  'surfaces/api': apiErrors,
  'surfaces/gateway': gatewayErrors,
  'surfaces/gateway-processes': gatewayProcessErrors,
  'surfaces/mlflow/artifacts': artifactProxyErrors,
  'surfaces/mlflow': mlflowErrors,
  'surfaces/server': serverErrors,
}

/** Tables that the list above lacks, and codes that two modules claim. */
export function errorTableFaults(): string[] {
  const unlisted = repositoryFiles(/^src\/.*\/errors\.ts$/)
    .map((file) => file.slice('src/'.length, -'/errors.ts'.length))
    .filter((module) => ERROR_TABLES[module] === undefined)
    .map((module) => `src/${module}/errors.ts is not listed in scripts/reference/error-tables.ts`)
  const owners = new Map<string, string>()
  const twice: string[] = []
  for (const [module, { table }] of Object.entries(ERROR_TABLES)) {
    for (const code of Object.keys(table.definitions)) {
      const owner = owners.get(code)
      if (owner !== undefined)
        twice.push(`the error code ${code} is used by ${owner} and ${module}`)
      owners.set(code, module)
    }
  }
  return [...unlisted, ...twice]
}
