const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/

/** The path within the artifact destination that a URI names; undefined when it lies elsewhere. */
export function pathInDestination(uri: string): string | undefined {
  const path = PROXIED.exec(uri)?.[1]?.replace(/\/+$/, '')
  if (path === undefined || path === '') return undefined
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  return isPlain ? path : undefined
}

/** The folder that belongs to one run or logged model alone: `…/<id>`, above its `artifacts`. */
export function folderOf(uri: string, id: string): string | undefined {
  const path = pathInDestination(uri)
  const own = `/${id}/artifacts`
  return path?.endsWith(own) ? path.slice(0, -'/artifacts'.length) : path
}
