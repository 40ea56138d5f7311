import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { isPlatformError } from '../../../core/errors/index.ts'
import type { ServerConfig } from '../../server/index.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { type ServeOptions, serveUntilAsked } from '../serve/serve-until-asked.ts'
import { addDataOptions, serverSettings } from '../server-settings.ts'

/** Settled when standard input ends, which it does when the process at its other end is gone. */
function endOfInput(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('end', resolve).resume()
  })
}

/** `esteira serve`: the server, and the gateway when the folder has a project. */
export function serveCommand(session: CommandSession): Command {
  const command = addDataOptions(
    new Command('serve').description(
      'Serve tracking, models and predictions over HTTP from one port until Ctrl-C.',
    ),
  )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: 8080)')
    .option('--grpc-port <number>', 'port for predictions over gRPC; 0 takes a free one')
    .option('--default-artifact-root <uri>', 'artifact root given to new experiments')
    .option('--artifacts-destination <uri>', 'where proxied artifacts are kept: a folder or s3://')
    .option('--require-login', 'ask for a login on this machine too')
    .option('--accept-request-time', 'take the time of a prediction from the request', false)
    .addOption(new Option('--end-with-input', 'end when standard input ends').hideHelp())
  return session.complete(command, async (call, _values, options) => {
    const { config } = await serverSettings(call, options)
    const isChild = options.endWithInput === true
    const serve = {
      config: isChild ? childConfig(config) : config,
      acceptRequestTime: options.acceptRequestTime === true,
      ...(isChild ? { until: endOfInput() } : {}),
    }
    if (await hasProject(call)) await serveProject(call, serve)
    else await serveAlone(call, serve)
    process.stdin.destroy()
    return undefined
  })
}

/** A child of our own answers its parent on this machine, whatever a server here is told. */
function childConfig(config: ServerConfig): ServerConfig {
  const { grpcPort: _port, payloadLog, ...rest } = config
  return { ...rest, host: '127.0.0.1', requireLogin: false, payloadLog: { mode: payloadLog.mode } }
}

type Serve = Omit<ServeOptions, 'database' | 'platform'>

async function hasProject(call: CommandCall): Promise<boolean> {
  // A folder with nothing of that name needs no look by the module that can read such a file.
  const isFolder = statSync(call.project, { throwIfNoEntry: false })?.isDirectory() === true
  if (isFolder && !readdirSync(call.project).some((name) => name.startsWith('esteira.config.'))) {
    return false
  }
  const { findProjectFile } = await import('../../../platform/project-file/index.ts')
  try {
    return findProjectFile(call.project) !== ''
  } catch (error) {
    if (isPlatformError(error, 'PROJECT_FILE_MISSING')) return false
    throw error
  }
}

async function serveProject(call: CommandCall, serve: Serve): Promise<void> {
  const { openPlatform } = await import('../../../flows/index.ts')
  const platform = await openPlatform({
    projectFolder: call.project,
    dataFolder: serve.config.dataDir,
    databaseUrl: serve.config.databaseUrl,
    onlineStoreUrl: serve.config.onlineStore,
    artifactsDestination: serve.config.artifactsDestination,
    onProgress: call.display.listen,
    signal: call.interruption.signal,
    environment: call.terminal.environment,
  })
  try {
    await serveUntilAsked(call, { ...serve, database: platform.database, platform })
  } finally {
    await platform.close()
  }
}

async function serveAlone(call: CommandCall, serve: Serve): Promise<void> {
  const { openDatabase } = await import('../../../platform/database/index.ts')
  const database = await openDatabase({ url: databaseOf(serve.config) })
  try {
    await serveUntilAsked(call, { ...serve, database })
  } finally {
    await database.close()
  }
}

function databaseOf({ databaseUrl, dataDir }: ServerConfig): string {
  return databaseUrl ?? path.join(dataDir, 'metadata.db')
}
