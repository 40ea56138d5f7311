import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'

// The limit of any server: ONNX Runtime in a loop, one call after the other, with the packed rows
// ready. `node bare-onnx.ts <model> <rows.f32> <rows a call> <seconds>` prints its calls a second.
process.env.ORT_DISABLE_TELEMETRY = '1'
const FEATURES = 20
const WARM_UP_CALLS = 200
const [model = '', file = '', rowsText = '1', secondsText = '5'] = process.argv.slice(2)
const rows = Number(rowsText)
const session = await InferenceSession.create(model, {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
})
const bytes = readFileSync(file)
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const calls = Math.floor(numbers.length / FEATURES / rows)
const width = rows * FEATURES

async function call(at: number): Promise<void> {
  const from = (at % calls) * width
  const tensor = new Tensor('float32', numbers.slice(from, from + width), [rows, FEATURES])
  const { probabilities } = await session.run({ numeric: tensor }, ['probabilities'])
  if (probabilities?.dims[0] !== rows) throw new Error('no answer')
}

for (let at = 0; at < WARM_UP_CALLS; at++) await call(at)
const begin = performance.now()
const end = begin + Number(secondsText) * 1_000
const cpuBefore = process.cpuUsage()
let done = 0
while (performance.now() < end) await call(done++)
const { user, system } = process.cpuUsage(cpuBefore)
const callsPerSecond = (done * 1_000) / (performance.now() - begin)
console.log(JSON.stringify({ callsPerSecond, cpuUsPerCall: (user + system) / done }))
