import type { ProjectInput } from '../../../core/records/index.ts'

/**
 * The project file's one export: returns the project unchanged and gives the editor its types.
 * Nothing is checked here; `esteira check` and every run validate the whole file.
 *
 * @example
 * export default defineProject({
 *   name: 'churn',
 *   problem: {
 *     statement: 'Will this customer leave within 30 days?',
 *     type: 'binary-classification',
 *     target: 'left',
 *   },
 *   sources: { customers: parquet({ path: 'data/customers/*.parquet' }) },
 *   dataset: { sql: 'SELECT * FROM customers', id: 'customer_id', inputs: ['age', 'plan'] },
 *   gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.7 }] },
 * })
 */
export function defineProject(project: ProjectInput): ProjectInput {
  return project
}
