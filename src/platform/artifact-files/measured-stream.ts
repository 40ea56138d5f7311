import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** A stream that passes bytes on and counts and digests them on the way. */
export interface MeasuredStream {
  readonly through: Transform
  /** Of what has passed so far; call once, at the end. */
  measures(): { readonly bytes: number; readonly sha256: string }
}

export function measuredStream(): MeasuredStream {
  const hash = createHash('sha256')
  let bytes = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return { through, measures: () => ({ bytes, sha256: hash.digest('hex') }) }
}
