import { digestOfValue } from '../../core/identity/index.ts'
import type { DeploymentPolicy, Project } from '../../core/records/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'

/** The fields of `deployment` that hold from the next request on; all others after a restart. */
const LIVE = [
  'missingFeatures',
  'featureStore',
  'outOfRange',
  'unknownCategory',
  'maxBatchRows',
  'batchDelay',
  'limits',
  'predictionLog',
  'probing',
] as const satisfies readonly (keyof DeploymentPolicy)[]

/** What was found when the project file was read again. */
export type ProjectReading =
  | { readonly project: Project }
  /** Why it cannot be used, in one line. */
  | { readonly refused: string }

/** The settings of an endpoint that change while it runs. */
export interface LiveSettings {
  /** What holds now: another object after every change. */
  readonly policy: DeploymentPolicy
  /** False when the project file as it is now was refused. */
  readonly isValid: boolean
  /** What stands between the project file and what holds. */
  readonly problems: readonly string[]
  /**
   * Takes over what can be changed while the endpoint runs; a refused file changes nothing.
   * @returns what is worth telling an operator, a line each
   */
  take(reading: ProjectReading): readonly string[]
}

/** @param running the project as it was when the endpoint was opened */
export function createLiveSettings(running: Project): LiveSettings {
  let policy = running.deployment
  let isValid = true
  let problems: readonly string[] = []
  return {
    get policy() {
      return policy
    },
    get isValid() {
      return isValid
    },
    get problems() {
      return problems
    },
    take(reading) {
      const before = problems
      const refused =
        'refused' in reading ? reading.refused : otherEndpoint(running, reading.project)
      isValid = refused === undefined
      if ('refused' in reading || refused !== undefined) {
        problems = [`the project file is refused and the settings before hold: ${refused}`]
        return told(before, problems)
      }
      const next = reading.project
      const changed = LIVE.filter((name) => differ(policy[name], next.deployment[name]))
      if (changed.length > 0) {
        const live = Object.fromEntries(LIVE.map((name) => [name, next.deployment[name]]))
        policy = { ...policy, ...live }
      }
      problems = waiting(running, next)
      const now =
        changed.length === 0 ? [] : [`from now on as the project file says: ${changed.join(', ')}`]
      return [...now, ...told(before, problems)]
    },
  }
}

/** A file that names another endpoint is not about this one. */
function otherEndpoint(running: Project, next: Project): string | undefined {
  if (next.name !== running.name) {
    return `it names the project "${next.name}", and "${running.name}" is running; restart to serve another one.`
  }
  const names = [running, next].map(endpointName)
  if (names[0] === names[1]) return undefined
  return `it names the endpoint "${names[1]}", and "${names[0]}" is running; restart to rename it.`
}

/** What is different and holds after a restart only. */
function waiting(running: Project, next: Project): readonly string[] {
  const live: readonly string[] = LIVE
  const parts = [
    ...namesOfDifferent(running, next).filter((name) => name !== 'deployment'),
    ...namesOfDifferent(running.deployment, next.deployment)
      .filter((name) => !live.includes(name))
      .map((name) => `deployment.${name}`),
  ]
  if (parts.length === 0) return []
  return [`changed in the project file, and held after a restart only: ${parts.join(', ')}`]
}

function namesOfDifferent(a: object, b: object): string[] {
  const [one, two] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  const names = new Set([...one.keys(), ...two.keys()])
  return [...names].filter((name) => differ(one.get(name), two.get(name))).sort()
}

function differ(a: unknown, b: unknown): boolean {
  return digestOfValue(a ?? null) !== digestOfValue(b ?? null)
}

/** Problems are told once, not at every reading. */
function told(before: readonly string[], now: readonly string[]): readonly string[] {
  return now.filter((problem) => !before.includes(problem))
}
