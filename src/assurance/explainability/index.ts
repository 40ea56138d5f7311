export {
  type ImportanceOptions,
  type InputImportance,
  permutationImportance,
} from './permutation-importance.ts'
