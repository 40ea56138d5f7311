/** Writes docs/reference from the code: `node scripts/generate-reference.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './checks/repository.ts'
import { referencePages } from './reference/reference-pages.ts'

for (const { file, text } of referencePages()) {
  mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true })
  writeFileSync(path.join(ROOT, file), text)
  console.log(`wrote ${file}`)
}
