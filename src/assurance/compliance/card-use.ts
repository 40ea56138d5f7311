import { bullets, figure, percent, plain, section } from './markdown.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

/** What the model is for, for whom, and what one decision is worth. */
export function purposeSection({ project, feasibility }: ModelCardFacts): string {
  const { problem } = project
  const people = problem.stakeholders.map(({ name, role, requirements }) => {
    const needs = requirements.map(plain).join('; ')
    return `${plain(name)} (${plain(role)})${needs === '' ? '' : `: ${needs}`}`
  })
  const { roi } = feasibility
  return section(
    'Purpose',
    plain(problem.statement),
    problem.scope === undefined ? '' : `**Scope.** ${plain(problem.scope)}`,
    people.length === 0 ? '' : `**Stakeholders**\n\n${bullets(people)}`,
    roi === null
      ? ''
      : `**Worth.** Expected gain ${figure(roi.expectedGainPerMonth)} ${roi.currency} a month, assuming ${percent(roi.assumedShare)} of what a perfect model would gain (${figure(roi.perfectGainPerMonth)} ${roi.currency}).`,
  )
}

/** Where the model must not be trusted, as far as the records say. */
export function limitsSection(facts: ModelCardFacts): string {
  const { frame, evaluation, run, project } = facts
  const limits: string[] = []
  const { train, test } = frame.parts
  if (train.from !== null && train.to !== null) {
    limits.push(
      `Trained on decisions from ${train.from} to ${train.to}; tested up to ${test.to ?? 'an unknown time'}. Later behaviour is watched, not known.`,
    )
  }
  const ranges = run.signature.inputs.filter(({ range }) => range !== null).length
  if (ranges > 0) {
    const policy = project.deployment.outOfRange === 'reject' ? 'refuses' : 'flags'
    limits.push(
      `Each of ${ranges} numeric inputs has a training range; the gateway ${policy} numbers far outside it.`,
    )
  }
  const thin = evaluation.slices.filter(({ judged }) => !judged)
  if (thin.length > 0) {
    limits.push(
      `Slices with too few rows to judge: ${thin.length}, among them ${thin
        .slice(0, 5)
        .map(({ column, value }) => `${plain(column)} = ${plain(value)}`)
        .join(', ')}.`,
    )
  }
  for (const [view, share] of Object.entries(frame.coverage)) {
    if (share < 0.9) {
      limits.push(
        `The feature view ${plain(view)} has a value for only ${percent(share)} of the test rows.`,
      )
    }
  }
  for (const { passed, reason } of frame.leakage) {
    if (!passed) limits.push(`Leakage check failed: ${plain(reason.message)}`)
  }
  return section('Limits', bullets(limits))
}

export function risksSection({ project }: ModelCardFacts): string {
  const risks = project.problem.risks.map(
    ({ risk, mitigation, severity }) =>
      `**${severity}**: ${plain(risk)} Mitigation: ${plain(mitigation)}`,
  )
  return section('Risks', bullets(risks))
}

export function ethicsSection({ project, run }: ModelCardFacts): string {
  const { ethics, regulation } = project.problem
  const personal = Object.entries(project.sources).flatMap(([source, { personalData }]) =>
    personalData.map((column) => `${plain(source)}.${plain(column)}`),
  )
  const used = new Set(run.signature.inputs.map(({ name }) => name))
  const sensitive = (ethics?.sensitiveColumns ?? []).map(
    (column) => `${plain(column)} (${used.has(column) ? 'an input of the model' : 'not an input'})`,
  )
  return section(
    'Ethics',
    ethics === undefined ? '' : `**Affected.** ${plain(ethics.affected)}`,
    bullets((ethics?.considerations ?? []).map(plain)),
    sensitive.length === 0 ? '' : `**Sensitive columns.** ${sensitive.join(', ')}`,
    personal.length === 0 ? '' : `**Personal data in the sources.** ${personal.join(', ')}`,
    regulation.length === 0 ? '' : `**Regulation.** ${regulation.map(plain).join('; ')}`,
  )
}
