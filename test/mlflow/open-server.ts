import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openArtifactFiles } from '../../src/platform/artifact-files/index.ts'
import type { Dialect } from '../../src/platform/database/index.ts'
import { createTrackingStore } from '../../src/platform/tracking/index.ts'
import { createModelCatalog } from '../../src/stages/registry/catalog/index.ts'
import { mlflowServer } from '../../src/surfaces/mlflow/index.ts'
import {
  createServer,
  type Server,
  type ServerPlugin,
  serverConfigSchema,
} from '../../src/surfaces/server/index.ts'
import { createTestDatabase } from '../../src/testkit/index.ts'

export interface TestServer {
  readonly server: Server
  /** Such as `http://127.0.0.1:41873`. */
  readonly url: string
  /** Faults of the server that were logged. */
  readonly faults: unknown[]
  dispose(): Promise<void>
}

/** The whole server on a port of its own, with a database and a folder of its own. */
export async function openServer(dialect: Dialect, settings = {}): Promise<TestServer> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'esteira-mlflow-'))
  const testDatabase = await createTestDatabase(dialect)
  const database = await testDatabase.open()
  const config = serverConfigSchema.parse({ port: 0, dataDir: dataFolder, ...settings })
  const faults: unknown[] = []
  const server = createServer({
    config,
    database,
    plugins: [mlflow],
    logger: (_message, cause) => faults.push(cause),
  })
  const url = await server.listen()
  return {
    server,
    url,
    faults,
    async dispose() {
      await server.close()
      await testDatabase.dispose()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

const mlflow: ServerPlugin = async (app, context) => {
  const { database, clock, listener, config, dataFolder } = context
  const tracking = await createTrackingStore(database, {
    clock,
    listener,
    defaultArtifactRoot: config.defaultArtifactRoot,
  })
  const catalog = createModelCatalog(database, { clock, listener })
  const files = await openArtifactFiles(join(dataFolder, 'mlartifacts'))
  const artifactRoots = ['s3://models']
  await mlflowServer({ tracking, catalog, files, artifactRoots })(app, context)
}
