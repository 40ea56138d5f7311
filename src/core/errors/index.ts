export { closestName, didYouMean } from './closest-name.ts'
export { EXIT_CODES, type ExitName } from './exit-codes.ts'
export {
  type Blame,
  defineErrors,
  type ErrorDefinition,
  type ErrorDetails,
  type ErrorFactory,
  type ErrorTable,
  isPlatformError,
  PlatformError,
  problem,
  type SerializedError,
} from './platform-error.ts'
