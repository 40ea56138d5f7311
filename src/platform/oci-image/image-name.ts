import { ociImageErrors } from './errors.ts'

/** A part of a repository's path, by the distribution specification. */
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?/)?'
const REPOSITORY = new RegExp(`^${HOST}${PART}(?:/${PART})*$`)
const TAG = /^\w[\w.-]{0,127}$/
const MAX_REPOSITORY = 255

export interface ImageName {
  /** Such as `flight-delays` or `registry.example/team/delays`. */
  readonly repository: string
  readonly tag: string
  /** Both, as container engines know it: Docker's own registry and library are filled in. */
  readonly full: string
}

/**
 * Reads `repository[:tag]`; the tag is `latest` when absent.
 * @throws IMAGE_NAME_INVALID
 */
export function readImageName(text: string): ImageName {
  const colon = text.lastIndexOf(':')
  const hasTag = colon > text.lastIndexOf('/')
  const repository = hasTag ? text.slice(0, colon) : text
  const tag = hasTag ? text.slice(colon + 1) : 'latest'
  if (repository.length > MAX_REPOSITORY || !REPOSITORY.test(repository)) {
    const reason = 'expected lower-case letters, digits, ".", "_", "-" and "/" in its repository'
    throw ociImageErrors.IMAGE_NAME_INVALID({ name: text, reason })
  }
  if (!TAG.test(tag)) {
    const reason = 'expected a tag of letters, digits, ".", "_" and "-", at most 128 characters'
    throw ociImageErrors.IMAGE_NAME_INVALID({ name: text, reason })
  }
  return { repository, tag, full: `${withRegistry(repository)}:${tag}` }
}

function withRegistry(repository: string): string {
  const [first = '', ...rest] = repository.split('/')
  if (rest.length === 0) return `docker.io/library/${repository}`
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost'
  return isHost ? repository : `docker.io/${repository}`
}
