import type { Probe } from './finding.ts'

/** Whether the metadata database answers, and how its schema stands; nothing in it is changed. */
export function databaseProbe(url: string): Probe {
  return {
    name: 'metadata database',
    needed: 'answers, and is of no newer version',
    remedy:
      'Start the server, correct ESTEIRA_DATABASE_URL, or update Esteira; `esteira migrate --dry-run` shows the schema.',
    otherwise: 'missing',
    look: async () => {
      const { planMigrations } = await import('../../../platform/database/index.ts')
      const { place, applied, pending } = await planMigrations(url)
      return { isGood: true, found: `${place}: ${stateText(applied.length, pending.length)}` }
    },
  }
}

function stateText(applied: number, pending: number): string {
  if (applied === 0) return 'made by the first run'
  if (pending === 0) return 'up to date'
  return `${pending} steps behind, taken by the next command`
}
