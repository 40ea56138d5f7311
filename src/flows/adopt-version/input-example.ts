import { z } from 'zod'

const splitSchema = z.object({
  columns: z.array(z.union([z.string(), z.number()])).optional(),
  data: z.array(z.array(z.unknown())),
})

const MAX_ROWS = 200

/**
 * Values of a client's input example by column; undefined for one that is no table. It only helps to
 * try the model on likely rows, so one that cannot be read is none.
 */
export function readInputExample(
  text: string | undefined,
): Readonly<Record<string, readonly unknown[]>> | undefined {
  if (text === undefined) return undefined
  const table = tableOf(text)
  if (table === undefined) return undefined
  const rows = table.data.slice(0, MAX_ROWS)
  const width = rows[0]?.length ?? 0
  const names = table.columns?.map(String) ?? Array.from({ length: width }, (_, i) => `x${i}`)
  return Object.fromEntries(
    names.map((name, place) => [name, rows.map((row) => plainValue(row[place]))]),
  )
}

function tableOf(text: string): z.output<typeof splitSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return splitSchema.parse({ data: value })
    const inputs = z.object({ inputs: z.unknown() }).safeParse(value)
    if (inputs.success && Array.isArray(inputs.data.inputs)) {
      return splitSchema.parse({ data: inputs.data.inputs })
    }
    return splitSchema.parse(value)
  } catch {
    return undefined
  }
}

function plainValue(value: unknown): number | string | null {
  if (typeof value === 'number' || typeof value === 'string') return value
  if (typeof value === 'boolean') return Number(value)
  return null
}
