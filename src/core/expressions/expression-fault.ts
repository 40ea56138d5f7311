/** What is wrong with an expression, and where. */
export interface Fault {
  /** Place in the text, counted from 0. */
  readonly at: number
  readonly expected: string
  readonly got: string
  readonly didYouMean?: string | undefined
  /** The name that no column has, where that is the fault. */
  readonly column?: string
}

/** Carries a fault out of the reader; never leaves this folder. */
export class ExpressionFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(faultText(fault))
    this.fault = fault
  }
}

/** A fault in one line, with its character counted from 1. */
export function faultText({ at, expected, got, didYouMean }: Fault): string {
  const suggestion = didYouMean === undefined ? '' : `; did you mean "${didYouMean}"?`
  return `character ${at + 1}: expected ${expected}, got ${got}${suggestion}`
}
