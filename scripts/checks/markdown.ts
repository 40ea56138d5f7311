import { existsSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readRepositoryFile, repositoryFiles } from './repository.ts'

/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly file: string
  /** Line of its first line of code. */
  readonly line: number
  readonly language: string
  readonly code: string
}

export function markdownFiles(): string[] {
  return repositoryFiles(/\.md$/)
}

export function codeBlocks(file: string): CodeBlock[] {
  const lines = readRepositoryFile(file).split('\n')
  const blocks: CodeBlock[] = []
  let open: { language: string; line: number; code: string[] } | undefined
  for (const [index, line] of lines.entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) open?.code.push(line)
    else if (open === undefined) {
      open = { language: fence[1]?.trim() ?? '', line: index + 2, code: [] }
    } else {
      const { language, line: first, code } = open
      blocks.push({ file, line: first, language, code: code.join('\n') })
      open = undefined
    }
  }
  return blocks
}

/** The anchor that a heading gets: lower case, punctuation dropped, spaces to dashes. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[`*]/g, '')
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function anchors(file: string): Set<string> {
  const headings = readRepositoryFile(file).matchAll(/^#{1,6} (.+)$/gm)
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)))
}

const LINK = /(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)|!\[[^\]]*\]\(([^)\s]+)\)/g

/** Links inside the repository that lead nowhere. */
export function brokenLinks(file: string): string[] {
  const text = readRepositoryFile(file).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
  return [...text.matchAll(LINK)].flatMap(([, link, image]) => {
    const target = link ?? image ?? ''
    if (/^[a-z]+:/.test(target)) return []
    const [place = '', anchor] = target.split('#')
    const found = place === '' ? file : path.join(path.dirname(file), place)
    if (!existsSync(path.join(ROOT, found))) return [`${file}: the link ${target} leads nowhere`]
    if (anchor === undefined || !found.endsWith('.md') || anchors(found).has(anchor)) return []
    return [`${file}: ${found} has no heading for #${anchor}`]
  })
}
