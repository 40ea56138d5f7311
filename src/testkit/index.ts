export {
  artifactFilesContract,
  HOSTILE_PATHS,
  type OpenedArtifactFiles,
} from './artifact-files-contract.ts'
export { artifactStoreContract, type OpenedArtifactStore } from './artifact-store-contract.ts'
export { type ContractExpectation, type ContractTools, codeOf } from './contract-tools.ts'
export { type FixedClock, fixedClock } from './fixed-clock.ts'
export { type OpenedOnlineStore, onlineStoreContract } from './online-store-contract.ts'
export { type OpenedRecordStore, recordStoreContract } from './record-store-contract.ts'
export { createTestDatabase, DIALECTS, type TestDatabase } from './test-databases.ts'
