/** Types by the end of a file's name; what is not here is sent as bytes. */
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  gif: 'image/gif',
  html: 'text/html; charset=utf-8',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json; charset=utf-8',
  log: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webp: 'image/webp',
  yaml: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
}
const PLAIN_TEXT = new Set(['MLmodel', 'conda.yaml', 'requirements.txt'])

/**
 * Headers under which a browser shows no artifact as a page of this server: it is always saved,
 * never guessed at, and has no rights if it is shown all the same.
 */
export function contentHeaders(path: string): Readonly<Record<string, string>> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const end = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  const known = Object.hasOwn(TYPES, end) ? TYPES[end] : undefined
  const type = PLAIN_TEXT.has(name) ? 'text/plain; charset=utf-8' : known
  const fallback = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  return {
    'content-type': type ?? 'application/octet-stream',
    'content-disposition': `attachment; filename="${fallback}"; filename*=UTF-8''${encoded(name)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
  }
}

function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
}
