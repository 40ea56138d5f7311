interface Named {
  /** Relative, with `/` between parts and none at the ends. */
  readonly path: string
  /** Permission bits, such as 0o644. */
  readonly mode: number
  /** @default 0 */
  readonly uid?: number
  /** @default 0 */
  readonly gid?: number
}

/** Bytes at hand, or a file whose bytes are read when they are written. */
export type FileContent =
  | { readonly bytes: Uint8Array }
  | { readonly file: string; readonly size: number }

/** One name of a file system, as a layer holds it. */
export type TarEntry =
  | (Named & { readonly kind: 'file'; readonly content: FileContent })
  | (Named & { readonly kind: 'directory' })
  | (Named & { readonly kind: 'link'; readonly target: string })

/** Bytes of a file that an entry carries; 0 for everything else. */
export function sizeOf(entry: TarEntry): number {
  if (entry.kind !== 'file') return 0
  return 'bytes' in entry.content ? entry.content.bytes.byteLength : entry.content.size
}
