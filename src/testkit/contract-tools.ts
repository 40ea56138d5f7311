/** What a contract suite needs of a test runner; vitest, jest and node:test with an `expect` have it. */
export interface ContractTools {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => void | Promise<void>) => void
  readonly expect: (actual: unknown) => ContractExpectation
}

export interface ContractExpectation {
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  toMatch(expected: RegExp): void
}

/** The error code that `work` ends with; `undefined` when it ends well. */
export async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
