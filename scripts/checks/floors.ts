import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  cruise,
  type ICruiseOptions,
  type ICruiseResult,
  type IFlattenedRuleSet,
} from 'dependency-cruiser'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import type { CheckResult } from './check-result.ts'
import { ROOT, repositoryFiles } from './repository.ts'

const FLOORS = ['core', 'platform', 'assurance', 'stages', 'flows', 'surfaces', 'testkit']
const ON_A_FLOOR = new RegExp(`^src/(index\\.ts$|(${FLOORS.join('|')})/)`)

interface Configuration {
  readonly options: ICruiseOptions
  readonly forbidden: NonNullable<IFlattenedRuleSet['forbidden']>
}

async function readConfiguration(): Promise<Configuration> {
  const file = pathToFileURL(path.join(ROOT, '.dependency-cruiser.mjs')).href
  const module: { readonly default: Configuration } = await import(file)
  return module.default
}

/** Cruises the source under a root and says which rules were broken, and how much was seen. */
export async function cruiseFloors(
  root: string,
): Promise<{ readonly cruised: readonly string[]; readonly faults: readonly string[] }> {
  const { options, forbidden } = await readConfiguration()
  const settings: ICruiseOptions = {
    ...options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
  }
  const result = await cruise(['src'], settings, undefined, {
    tsConfig: extractTsConfig(`${ROOT}/tsconfig.json`),
  })
  const { modules, summary } = result.output as ICruiseResult
  return {
    cruised: modules.map((module) => module.source).filter((source) => source.startsWith('src/')),
    faults: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  }
}

/** Floors, stages in order, front doors, no cycles; and no file outside all of that. */
export async function checkFloors(): Promise<CheckResult> {
  const files = repositoryFiles(/^src\/.*\.ts$/)
  const { cruised, faults } = await cruiseFloors(ROOT)
  const homeless = files
    .filter((file) => !ON_A_FLOOR.test(file))
    .map((file) => `${file}: on no floor of docs/architecture.md`)
  const seen = new Set(cruised)
  const unseen = files
    .filter((file) => !seen.has(file))
    .map((file) => `${file}: not seen by dependency-cruiser`)
  return {
    summary: `${cruised.length} modules on ${FLOORS.length} floors`,
    faults: [...faults, ...homeless, ...unseen],
  }
}
