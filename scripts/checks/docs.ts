import { existsSync } from 'node:fs'
import path from 'node:path'
import { errorTableFaults } from '../reference/error-tables.ts'
import { referencePages } from '../reference/reference-pages.ts'
import type { CheckResult } from './check-result.ts'
import { brokenLinks, markdownFiles } from './markdown.ts'
import { ROOT, readRepositoryFile } from './repository.ts'
import { checkSnippets } from './snippets.ts'

function staleReference(): string[] {
  const pages = referencePages()
  return pages
    .filter(
      ({ file, text }) => !existsSync(path.join(ROOT, file)) || readRepositoryFile(file) !== text,
    )
    .map(({ file }) => `${file} is not up to date; run: node scripts/generate-reference.ts`)
}

/** The generated reference is up to date, links lead somewhere, code in the docs compiles. */
export function checkDocs(): CheckResult {
  const files = markdownFiles()
  const snippets = checkSnippets(files)
  const faults = [
    ...staleReference(),
    ...errorTableFaults(),
    ...files.flatMap(brokenLinks),
    ...snippets.faults,
  ]
  return { summary: `${files.length} pages, ${snippets.count} code blocks`, faults }
}
