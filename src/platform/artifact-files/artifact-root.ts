import { realpathSync } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { artifactFileErrors } from './errors.ts'
import { isMissing } from './file-faults.ts'

/**
 * The folder that holds all artifact files, and the way from a checked path to a place in it. A
 * symbolic link that leads out of the folder is not followed, at any height of a path.
 */
export class ArtifactRoot {
  /** Without links. */
  readonly folder: string

  constructor(folder: string) {
    this.folder = realpathSync(folder)
  }

  /** Where a path is, whether it exists or not. */
  placeOf(path: string): string {
    return path === '' ? this.folder : join(this.folder, ...path.split('/'))
  }

  /** The real place of an existing file or folder; undefined when there is none. */
  async existing(path: string): Promise<string | undefined> {
    try {
      const place = await realpath(this.placeOf(path))
      this.#refuseOutside(place, path)
      return place
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Makes the folders above a path and returns where it is to be written. */
  async makeRoomFor(path: string): Promise<string> {
    const parent = dirname(this.placeOf(path))
    this.#refuseOutside(await realPathOfNearest(parent), path)
    await mkdir(parent, { recursive: true })
    const real = await realpath(parent)
    this.#refuseOutside(real, path)
    return join(real, path.slice(path.lastIndexOf('/') + 1))
  }

  #refuseOutside(place: string, path: string): void {
    if (place === this.folder || place.startsWith(this.folder + sep)) return
    throw artifactFileErrors.ARTIFACT_PATH_INVALID({
      path,
      reason: 'a link on the way leads out of the artifact folder',
    })
  }
}

async function realPathOfNearest(place: string): Promise<string> {
  try {
    return await realpath(place)
  } catch (error) {
    if (!isMissing(error) || dirname(place) === place) throw error
    return realPathOfNearest(dirname(place))
  }
}
