import { createHash } from 'node:crypto'

const QUALITIES =
  'able amber agile blue bold brave bright calm clever coral crisp daring eager early fair fleet fond gentle glad golden grand happy hardy honest humble jolly keen kind lively loyal lucid lucky merry mild neat noble olive patient plain proud quick quiet rapid ready royal rustic sandy serene sharp silent silver smart solid steady sunny swift tidy vivid warm wise witty'.split(
    ' ',
  )
const THINGS =
  'acorn anchor badger beacon birch bison brook cedar comet crane creek delta eagle elm ember falcon fern finch fjord fox gecko grove gull harbor hare hawk heron ibis iris jay kestrel lark lemur linden lynx maple marten meadow moose newt oak orca osprey otter owl panda pine plover puffin quail raven reef robin sable seal shrew sparrow stork swan tern tiger trout vole whale willow wren yak'.split(
    ' ',
  )

/** A memorable name such as `calm-otter-417`, at most 20 characters, derived from a run's id. */
export function madeUpName(id: string): string {
  const digest = createHash('sha256').update(id).digest()
  const quality = QUALITIES[digest.readUInt16BE(0) % QUALITIES.length]
  const thing = THINGS[digest.readUInt16BE(2) % THINGS.length]
  return `${quality}-${thing}-${digest.readUInt16BE(4) % 1000}`
}
