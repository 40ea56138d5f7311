export { API_PREFIX, openApiDocument } from './openapi.ts'
export {
  type Method,
  type Operation,
  type OperationAnswer,
  type OperationInput,
  type OperationRequest,
  type OperationResult,
  successStatus,
} from './operation.ts'
export { OPERATIONS, type OperationName, type OperationTable } from './operations/index.ts'
export { RECORD_RESOURCES, type RecordResource } from './operations/records.ts'
