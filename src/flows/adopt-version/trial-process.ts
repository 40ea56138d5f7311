// A program of its own: tries an ONNX file on rows, and ends. A file that makes the engine crash,
// hang or eat memory takes this process with it and nothing else.
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { modelSignatureSchema } from '../../core/records/index.ts'
import { loadModel } from '../../platform/inference/index.ts'

const requestSchema = z.object({
  path: z.string(),
  signature: modelSignatureSchema,
  rows: z.record(z.string(), z.array(z.union([z.number(), z.string(), z.null()]))),
})

async function tryModel(request: z.output<typeof requestSchema>): Promise<unknown> {
  const { path, signature } = request
  const columns = Object.fromEntries(
    signature.inputs.map(({ name, kind }) => {
      const values = request.rows[name] ?? []
      return [
        name,
        kind === 'text'
          ? values.map((value) => String(value ?? ''))
          : Float32Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      ]
    }),
  )
  const rows = Object.values(columns)[0]?.length ?? 0
  const session = await loadModel({ path, signature })
  const { output, width } = await session.predict({ rows, columns })
  await session.close()
  return { ok: true, rows, width, output: Array.from(output) }
}

try {
  const request = requestSchema.parse(JSON.parse(await text(process.stdin)))
  process.stdout.write(JSON.stringify(await tryModel(request)))
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  process.stdout.write(JSON.stringify({ ok: false, reason }))
}
