import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Probe } from './finding.ts'

const REINSTALL = 'Install the packages again: npm ci (or npm install esteira).'

const duckDbProbe: Probe = {
  name: 'DuckDB',
  needed: 'loads and answers a query',
  remedy: REINSTALL,
  otherwise: 'missing',
  look: async () => {
    const { openTableEngine } = await import('../../../platform/storage/index.ts')
    const temporaryFolder = mkdtempSync(path.join(tmpdir(), 'esteira-doctor-'))
    const engine = await openTableEngine({ temporaryFolder })
    try {
      const [row] = await engine.query<{ version: string }>('SELECT version() AS version')
      return { isGood: row !== undefined, found: row?.version ?? 'no answer' }
    } finally {
      await engine.close()
      rmSync(temporaryFolder, { recursive: true, force: true })
    }
  },
}

const onnxRuntimeProbe: Probe = {
  name: 'ONNX Runtime',
  needed: 'its native library loads',
  remedy: `${REINSTALL} On Linux it needs glibc (Alpine's musl will not do).`,
  otherwise: 'missing',
  look: async () => {
    const { listSupportedBackends } = await import('onnxruntime-node')
    const backends = listSupportedBackends().map((backend) => backend.name)
    return { isGood: backends.includes('cpu'), found: backends.join(', ') }
  },
}

/** The two native engines inside the package. */
export const engineProbes: readonly Probe[] = [duckDbProbe, onnxRuntimeProbe]
