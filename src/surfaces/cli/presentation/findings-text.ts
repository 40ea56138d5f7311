import type { Finding } from '../doctor/finding.ts'
import type { Colours } from './colours.ts'

/** What the doctor found: one line each, and the way out below what is not good. */
export function findingsText(findings: readonly Finding[], colours: Colours): string {
  const marks = {
    good: colours.green('✓'),
    warning: colours.yellow('!'),
    missing: colours.red('✗'),
  }
  const width = Math.max(...findings.map((finding) => finding.name.length))
  const lines = findings.flatMap((finding) => {
    const line = `${marks[finding.state]} ${finding.name.padEnd(width)}  ${finding.found}`
    if (finding.state === 'good') return [line]
    return [line, `  ${' '.repeat(width)}  needed: ${finding.needed}. ${finding.remedy}`]
  })
  const missing = findings.filter((finding) => finding.state === 'missing').length
  const end = missing === 0 ? 'Ready.' : `${missing} missing; the belt cannot run until then.`
  return [...lines, end].join('\n')
}
