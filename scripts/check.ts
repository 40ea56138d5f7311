/**
 * Says whether a change is good: `npm run check`, or some of it: `npm run check floors docs`.
 * One line for each check that passes; every fault of those that do not.
 */
import { checkBudgets } from './checks/budgets.ts'
import type { CheckResult } from './checks/check-result.ts'
import { checkDocs } from './checks/docs.ts'
import { checkFloors } from './checks/floors.ts'
import { checkPlaces } from './checks/places.ts'
import { runTool } from './checks/run-tool.ts'

const CHECKS: Readonly<Record<string, () => CheckResult | Promise<CheckResult>>> = {
  lint: () => runTool('@biomejs/biome/bin/biome', ['ci', '--colors=off'], 'format and lint rules'),
  types: () =>
    runTool('typescript/bin/tsc', ['--noEmit', '-p', '.'], 'src, tests, examples, scripts'),
  floors: checkFloors,
  'dead-code': () => runTool('knip/bin/knip.js', ['--no-progress'], 'files, exports, dependencies'),
  budgets: checkBudgets,
  places: checkPlaces,
  docs: checkDocs,
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => CHECKS[name] === undefined)
  if (unknown.length > 0) {
    console.error(
      `No check "${unknown.join('", "')}"; there are ${Object.keys(CHECKS).join(', ')}.`,
    )
    return 2
  }
  let failures = 0
  for (const [name, check] of Object.entries(CHECKS)) {
    if (names.length > 0 && !names.includes(name)) continue
    const { summary, faults } = await check()
    if (faults.length === 0) console.log(`✓ ${name.padEnd(9)}  ${summary}`)
    else {
      failures += 1
      console.log(`✗ ${name}\n${faults.join('\n')}`)
    }
  }
  return failures === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
