import type { ArtifactOptions } from './artifact-options.ts'
import { proxyPathOf } from './artifact-owner.ts'
import { artifactProxyErrors } from './errors.ts'

/**
 * The path in the server's artifact files that a run's or model's URI leads to.
 * @throws ARTIFACTS_ELSEWHERE when the server does not keep them
 */
export function pathOfUri({ files }: Pick<ArtifactOptions, 'files'>, uri: string): string {
  const proxied = proxyPathOf(uri)
  if (proxied !== undefined) return proxied
  const place = plain(uri)
  const root = plain(files.place)
  if (place.startsWith(`${root}/`)) return place.slice(root.length + 1)
  throw artifactProxyErrors.ARTIFACTS_ELSEWHERE({ uri })
}

function plain(uri: string): string {
  return uri.replace(/^file:(?:\/\/)?(?=\/)/, '').replace(/\/+$/, '')
}

export function joinPath(folder: string, below: string): string {
  if (below === '') return folder
  return folder === '' ? below : `${folder}/${below}`
}
