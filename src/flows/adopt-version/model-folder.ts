import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { refusalError, type VersionName } from './errors.ts'
import type { ModelFiles } from './model-files.ts'

const MAX_TEXT_BYTES = 256 * 1_024
/** 512 MB: what the worker's sandbox and the engine take without trouble. */
export const MAX_MODEL_BYTES = 512 * 2 ** 20

/** The folder of one logged model: reads files within limits and keeps their digests. */
export class ModelFolder {
  readonly digests: Record<string, string> = {}
  readonly #files: ModelFiles
  readonly #folder: string
  readonly #name: VersionName
  #copied = 0

  constructor(files: ModelFiles, folder: string, name: VersionName) {
    this.#files = files
    this.#folder = folder
    this.#name = name
  }

  /** A small text file; undefined when there is none. @throws MODEL_TOO_LARGE */
  async text(path: string): Promise<string | undefined> {
    const facts = await this.#files.stat(this.#placeOf(path))
    if (facts === undefined) return undefined
    const chunks: Buffer[] = []
    await this.#read(path, MAX_TEXT_BYTES, async (source) => {
      for await (const chunk of source) chunks.push(Buffer.from(chunk))
    })
    return Buffer.concat(chunks).toString('utf8')
  }

  /**
   * Copies a file to the disk at flat memory; all copied files together have a limit.
   * @throws MODEL_FILE_MISSING, MODEL_TOO_LARGE
   */
  async copy(path: string, target: string): Promise<void> {
    if ((await this.#files.stat(this.#placeOf(path))) === undefined) {
      throw refusalError(this.#name, {
        code: 'MODEL_FILE_MISSING',
        message: `MLmodel names the file ${JSON.stringify(path)}, which is not there`,
        hint: 'Log the model again; its upload may have been cut off.',
      })
    }
    this.#copied += await this.#read(path, MAX_MODEL_BYTES - this.#copied, (source) =>
      pipeline(source, createWriteStream(target, { flags: 'wx', mode: 0o600 })),
    )
  }

  /** Names of the other files in the folder of a file. */
  async namesBeside(path: string): Promise<readonly string[]> {
    const folder = this.#placeOf(path).split('/').slice(0, -1).join('/')
    const { entries } = await this.#files.list(folder)
    const own = path.split('/').at(-1)
    return entries
      .filter((entry) => !entry.isFolder)
      .map((entry) => entry.path.split('/').at(-1) ?? '')
      .filter((name) => name !== own && name !== '')
  }

  /** @throws MODEL_FILE_INVALID for a path that leads out of the folder */
  #placeOf(path: string): string {
    const parts = path.split('/')
    const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
    if (isPlain && !/[\\\0]/.test(path)) return `${this.#folder}/${path}`
    throw refusalError(this.#name, {
      code: 'MODEL_FILE_INVALID',
      message: `MLmodel names the file ${JSON.stringify(path)}, which leads out of its folder`,
      hint: 'Log the model again with an MLflow client.',
    })
  }

  async #read(
    path: string,
    maxBytes: number,
    consume: (source: Readable) => Promise<void>,
  ): Promise<number> {
    const { stream } = await this.#files.get(this.#placeOf(path))
    const hash = createHash('sha256')
    let bytes = 0
    const name = this.#name
    const measured = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        if (bytes > maxBytes) {
          const message = `${path} is too large: all files together may have ${MAX_MODEL_BYTES} bytes`
          done(refusalError(name, { code: 'MODEL_TOO_LARGE', message, hint: 'Make it smaller.' }))
          return
        }
        hash.update(chunk)
        done(null, chunk)
      },
    })
    await Promise.all([pipeline(stream, measured), consume(measured)])
    this.digests[path] = hash.digest('hex')
    return bytes
  }
}
