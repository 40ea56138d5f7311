/**
 * How much memory the server takes while one big file goes up and comes down: a server process of
 * its own, its resident memory read meanwhile. Sizes in MiB as arguments; 2048 when none is given.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureArtifactMemory } from '../src/surfaces/mlflow/fixtures/artifact-memory.ts'

const MEBIBYTE = 1 << 20
const sizes = process.argv.slice(2).map(Number)

console.log('| file MiB | up s | down s | idle MiB | peak up MiB | peak down MiB |')
console.log('| -------- | ---- | ------ | -------- | ----------- | ------------- |')
for (const mebibytes of sizes.length === 0 ? [2048] : sizes) {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-'))
  try {
    const got = await measureArtifactMemory({ folder, bytes: mebibytes * MEBIBYTE })
    const cells = [
      mebibytes,
      (got.upMs / 1000).toFixed(1),
      (got.downMs / 1000).toFixed(1),
      ...[got.idleBytes, got.peakUpBytes, got.peakDownBytes].map((b) => (b / MEBIBYTE).toFixed(0)),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
