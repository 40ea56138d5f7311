export {
  LOGGED_MODEL_STATUSES,
  type LoggedModelStatus,
  RUN_STATUSES,
  type RunStatus,
} from './statuses.ts'
