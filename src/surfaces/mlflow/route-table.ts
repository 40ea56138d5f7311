import type { MlflowRoute } from './route.ts'
import { datasetRoutes } from './routes/dataset-routes.ts'
import { experimentRoutes } from './routes/experiment-routes.ts'
import { loggedModelRoutes } from './routes/logged-model-routes.ts'
import { loggingRoutes } from './routes/logging-routes.ts'
import { metricRoutes } from './routes/metric-routes.ts'
import { modelVersionRoutes } from './routes/model-version-routes.ts'
import { registeredModelRoutes } from './routes/registered-model-routes.ts'
import { runRoutes } from './routes/run-routes.ts'
import { serverRoutes } from './routes/server-routes.ts'

/** Every endpoint of the surface: one line each, by resource. */
export const MLFLOW_ROUTES: readonly MlflowRoute[] = [
  ...experimentRoutes,
  ...runRoutes,
  ...loggingRoutes,
  ...metricRoutes,
  ...datasetRoutes,
  ...loggedModelRoutes,
  ...registeredModelRoutes,
  ...modelVersionRoutes,
  ...serverRoutes,
]
