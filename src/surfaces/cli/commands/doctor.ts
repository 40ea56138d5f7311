import { homedir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { isPlatformError } from '../../../core/errors/index.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { databaseUrl } from '../database-url.ts'
import { databaseProbe } from '../doctor/database-probe.ts'
import { engineProbes } from '../doctor/engine-probes.ts'
import { type Finding, find, type Probe } from '../doctor/finding.ts'
import { machineProbes } from '../doctor/machine-probes.ts'
import { onlineStoreProbes } from '../doctor/online-store-probe.ts'
import { serviceProbes } from '../doctor/service-probes.ts'
import { findingsText } from '../presentation/findings-text.ts'

function cacheFolder(environment: CommandCall['terminal']['environment']): string {
  const own = environment.ESTEIRA_CACHE_DIR
  if (own !== undefined && own !== '') return own
  const base = environment.XDG_CACHE_HOME ?? path.join(homedir(), '.cache')
  return path.join(base, 'esteira')
}

/** Probes of the project's database and services; none where no project is, since the machine comes first. */
async function projectProbes(call: CommandCall): Promise<readonly Probe[]> {
  const { findProjectFile, loadProject } = await import('../../../platform/project-file/index.ts')
  try {
    findProjectFile(call.project)
  } catch (error) {
    if (isPlatformError(error, 'PROJECT_FILE_MISSING')) return []
    throw error
  }
  const { project, folder } = await loadProject(call.project)
  const { environment } = call.terminal
  const own = path.join(folder, '.esteira', 'metadata.db')
  return [
    databaseProbe(databaseUrl(environment) ?? own),
    ...onlineStoreProbes(project.name, environment),
    ...serviceProbes(project, folder, environment),
  ]
}

async function examine(call: CommandCall): Promise<Finding[]> {
  const { environment } = call.terminal
  const probes = [
    ...machineProbes({
      projectFolder: call.project,
      cacheFolder: cacheFolder(environment),
    }),
    ...engineProbes,
    ...(await projectProbes(call)),
  ]
  const findings: Finding[] = []
  for (const probe of probes) findings.push(await find(probe))
  return findings
}

/** `esteira doctor`: what this machine has, what it lacks, and how to get it. */
export function doctorCommand(session: CommandSession): Command {
  const command = new Command('doctor').description(
    'Say what is missing on this machine and how to get it.',
  )
  return session.complete(command, async (call) => {
    const findings = await examine(call)
    const isFit = findings.every((finding) => finding.state !== 'missing')
    return {
      json: { fit: isFit, findings },
      text: findingsText(findings, call.colours),
      exit: isFit ? 'ok' : 'environment',
    }
  })
}
