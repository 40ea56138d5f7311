import { modelSignatureSchema } from '../../core/records/index.ts'
import { endWithParent } from './end-with-parent.ts'
import { loadModel } from './load-model.ts'
import { probeBatch } from './probe-batch.ts'

// The trial of a model in a process of its own: what it does to time and memory, it does here.
endWithParent()
const [path = '', digest = '', signature = ''] = process.argv.slice(2)
try {
  const session = await loadModel({
    path,
    digest,
    signature: modelSignatureSchema.parse(JSON.parse(signature)),
  })
  // Two rows: what grows with the square of the rows is rather found than by one.
  for (const rows of [1, 2]) await session.predict(probeBatch(session.signature, rows))
  process.send?.('answered')
} catch (error) {
  process.send?.({ reason: error instanceof Error ? error.message : String(error) })
}
process.disconnect?.()
