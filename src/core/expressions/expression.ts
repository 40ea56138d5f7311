/** What an expression gives, and what its columns hold. */
export type ValueType = 'number' | 'text' | 'condition'

/** What stands in a cell, and what a part of an expression gives; null is missing. */
export type Value = number | string | boolean | null

/** A parsed expression: plain data. `at` is the place in the text, counted from 0. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'column'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'call'
      /** A function's name, an operator, or `negate`. */
      readonly operation: string
      readonly parts: readonly Expression[]
      readonly at: number
    }

/** Longest text of an expression, in UTF-16 units. */
export const MAX_LENGTH = 1_000

/** Most operations inside one another: `a + b + c` is two, `(a)` is none. */
export const MAX_DEPTH = 50

/** The columns that an expression refers to, each once, in the order of the text. */
export function columnsOf(expression: Expression): string[] {
  const names = new Set<string>()
  const visit = (part: Expression): void => {
    if (part.kind === 'column') names.add(part.name)
    if (part.kind === 'call') for (const inner of part.parts) visit(inner)
  }
  visit(expression)
  return [...names]
}
