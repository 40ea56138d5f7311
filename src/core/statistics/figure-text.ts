/**
 * A figure for a sentence: four significant digits, no trailing zeros, plain for what people read
 * plainly (`0.7142`, `-12.5`, `153000`), with an exponent only beyond 10⁻⁶ and 10¹⁵.
 */
export function figureText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return String(Number(value.toPrecision(Math.abs(value) >= 1_000 ? 7 : 4)))
}
