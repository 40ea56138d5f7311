import type { Formats } from '../formats.ts'
import { facts, type Html, html, table } from '../html.ts'
import type { ReportData } from '../report-data.ts'

/** A section's body: what a stage did, in the language of `formats`. */
export type Section = (data: ReportData, formats: Formats) => Html

function outcomeBadge(passed: boolean, text: string): Html {
  return html`<span class="badge ${passed ? 'good' : 'bad'}">${text}</span>`
}

export function reasonList(
  reasons: readonly Parameters<Formats['reason']>[0][],
  formats: Formats,
): Html {
  return html`<ul class="reasons">${reasons.map((reason) => html`<li>${formats.reason(reason)}</li>`)}</ul>`
}

type Words = Formats['texts']['words']

function assumptionsText(data: ReportData, formats: Formats, assumedShare: number): string {
  const others = (data.feasibility?.policies ?? []).filter(({ policy }) => policy !== 'perfect')
  const best = others.sort((a, b) => b.valuePerMonth - a.valuePerMonth)[0]
  return formats.texts.assumptions({
    share: formats.percent(assumedShare),
    decisions: formats.number(data.project.problem.value?.decisionsPerMonth),
    policy: best === undefined ? '–' : formats.texts.policies[best.policy],
  })
}

function roiFacts(data: ReportData, formats: Formats, words: Words): Html | false {
  const roi = data.feasibility?.roi
  if (roi === undefined || roi === null) return false
  const payback =
    roi.paybackMonths === null ? '–' : `${formats.number(roi.paybackMonths, 1)} ${words.months}`
  return facts([
    [
      words.expectedReturn,
      `${formats.money(roi.expectedReturn, roi.currency, 0)} / ${roi.horizonMonths} ${words.months}`,
    ],
    [words.payback, payback],
    [words.assumptions, assumptionsText(data, formats, roi.assumedShare)],
  ])
}

function policiesTable(data: ReportData, formats: Formats): Html {
  const { words, policies, policyDescriptions } = formats.texts
  const currency = data.project.problem.value?.currency
  return table(
    [words.policy, '', words.perDecision, words.perMonth],
    (data.feasibility?.policies ?? []).map((p) => [
      policies[p.policy],
      policyDescriptions[p.policy] ?? p.description,
      currency === undefined ? '' : formats.money(p.valuePerDecision, currency),
      currency === undefined ? '' : formats.money(p.valuePerMonth, currency, 0),
    ]),
  )
}

function intentTables({ project }: ReportData, formats: Formats): Html {
  const { words } = formats.texts
  const { problem } = project
  const goals = problem.successMetrics.map((goal) => {
    const least = goal.atLeast === undefined ? '' : `≥ ${formats.number(goal.atLeast)}`
    const most = goal.atMost === undefined ? '' : `≤ ${formats.number(goal.atMost)}`
    return [goal.metric, `${least} ${most}`.trim(), goal.why ?? '']
  })
  const people = problem.stakeholders.map((s) => [s.name, s.role, s.requirements.join('; ')])
  const risks = problem.risks.map((r) => [r.risk, r.severity, r.mitigation])
  const { ethics } = problem
  return html`
    ${table([words.successMetrics, words.goal, words.why], goals)}
    ${table([words.stakeholder, words.role, words.requirements], people)}
    ${table([words.risk, words.severity, words.mitigation], risks)}
    ${
      ethics &&
      facts([
        [words.ethics, `${ethics.affected}. ${ethics.considerations.join('; ')}`],
        [words.regulation, problem.regulation.join('; ')],
      ])
    }`
}

export const problemSection: Section = (data, formats) => {
  const { words } = formats.texts
  const { feasibility } = data
  return html`
    <blockquote>${data.project.problem.statement}</blockquote>
    ${
      feasibility &&
      html`<p class="decision">${outcomeBadge(feasibility.outcome === 'go', words[feasibility.outcome])}</p>${reasonList(feasibility.reasons, formats)}`
    }
    ${policiesTable(data, formats)}
    ${roiFacts(data, formats, words)}
    ${intentTables(data, formats)}`
}

export const collectionSection: Section = (data, formats) => {
  const { words } = formats.texts
  return table(
    [
      words.source,
      words.kind,
      words.rows,
      words.columns,
      words.expectations,
      words.quarantined,
      words.origin,
      words.digest,
    ],
    data.snapshots.map((s) => [
      s.source,
      s.kind,
      formats.number(s.rows),
      formats.number(s.columns.length),
      `${s.expectations.filter((e) => e.passed).length} / ${s.expectations.length}`,
      formats.number(s.quarantined.rows),
      html`<span class="small">${s.origin}</span>`,
      html`<code>${s.table.digest.slice(0, 12)}</code>`,
    ]),
  )
}

type Finding = NonNullable<ReportData['frame']>['leakage'][number]

function leakageTable(findings: readonly Finding[], formats: Formats): Html {
  const { words, checks } = formats.texts
  return table(
    [words.check, '', words.measured, words.bound, words.outcome],
    findings.map((f) => [
      checks[f.check],
      f.subject,
      formats.number(f.measured),
      formats.number(f.bound),
      outcomeBadge(f.passed, f.passed ? words.passed : words.failed),
    ]),
  )
}

/** All findings but the columns judged one by one, which fold away when none gives the target away. */
function leakageFindings(findings: readonly Finding[], formats: Formats): Html {
  const folded = findings.filter((f) => f.check === 'single-column' && f.passed)
  const highest = folded.reduce<Finding | undefined>(
    (best, f) => (best === undefined || f.measured > best.measured ? f : best),
    undefined,
  )
  const shown = findings.filter((f) => !folded.includes(f))
  return html`${leakageTable(shown, formats)}${
    highest &&
    html`<details><summary>${formats.texts.singleColumns(
      formats.number(folded.length),
      `${highest.subject} ${formats.number(highest.measured)}`,
    )}</summary>${leakageTable(folded, formats)}</details>`
  }`
}

export const preparationSection: Section = (data, formats) => {
  const { words } = formats.texts
  const { frame, dataset } = data
  if (frame === undefined) return html`<p>${formats.texts.nothingYet}</p>`
  const parts = (['train', 'validation', 'test'] as const).map((name) => {
    const part = frame.parts[name]
    const classes = Object.entries(part.classes).map(
      ([label, count]) =>
        `${label}: ${formats.number(count)} (${formats.percent(count / Math.max(1, part.rows))})`,
    )
    return [
      name,
      formats.number(part.rows),
      formats.day(part.from),
      formats.day(part.to),
      classes.join(', '),
    ]
  })
  const dropped = [...(dataset?.dropped ?? []), ...(frame.dropped ?? [])]
  return html`
    ${table([words.part, words.rows, words.from, words.to, words.classes], parts)}
    ${dropped.length > 0 && facts(dropped.map((d) => [d.why, formats.number(d.rows)] as const))}
    ${leakageFindings(frame.leakage, formats)}`
}

export const featuresSection: Section = (data, formats) => {
  const { words } = formats.texts
  const views = data.featureTables.map((t) => {
    const definition = data.project.featureViews[t.view]
    const coverage = data.frame?.coverage[t.view]
    return [
      t.view,
      t.entity,
      t.features.map((f) => f.name).join(', '),
      formats.number(t.rows),
      coverage === undefined ? '–' : formats.percent(coverage),
      String(definition?.availabilityDelay ?? 0),
      String(definition?.timeToLive ?? '–'),
    ]
  })
  return table(
    [words.view, words.entity, words.columns, words.rows, words.coverage, 'delay', 'TTL'],
    views,
  )
}

export const selectionSection: Section = (data, formats) => {
  const { words } = formats.texts
  if (data.selection === undefined) return html`<p>${formats.texts.nothingYet}</p>`
  return table(
    [words.candidate, words.estimator, words.reasons],
    data.selection.candidates.map((c) => [
      c.name,
      c.estimator,
      c.reasons.map((r) => formats.reason(r)).join('; '),
    ]),
  )
}

export { outcomeBadge }
