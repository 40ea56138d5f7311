import { type MonitorWindow, STAGES, type Stage } from '../../core/records/index.ts'
import { beltMap } from './belt-map.ts'
import { createFormats, type Formats, REPORT_LANGUAGES } from './formats.ts'
import { type Html, html, raw } from './html.ts'
import type { ReportData } from './report-data.ts'
import {
  collectionSection,
  featuresSection,
  preparationSection,
  problemSection,
  type Section,
  selectionSection,
} from './sections/data-sections.ts'
import {
  deploymentSection,
  monitoringSection,
  registrySection,
  retrainingSection,
} from './sections/life-sections.ts'
import {
  evaluationSection,
  gateSection,
  trainingSection,
  tuningSection,
} from './sections/model-sections.ts'
import { SCRIPT, STYLE } from './style.ts'

const SECTIONS: Readonly<Record<Stage, Section>> = {
  problem: problemSection,
  collection: collectionSection,
  preparation: preparationSection,
  features: featuresSection,
  selection: selectionSection,
  training: trainingSection,
  evaluation: evaluationSection,
  gate: gateSection,
  tuning: tuningSection,
  registry: registrySection,
  deployment: deploymentSection,
  monitoring: monitoringSection,
  retraining: retrainingSection,
}

function tile(name: string, value: string): Html {
  return html`<div class="tile"><b>${value}</b><span>${name}</span></div>`
}

/** By every version: a window's own figures speak of the stable one alone. */
function answeredIn({ predictions, byVersion }: MonitorWindow): number {
  const versions = Object.values(byVersion)
  if (versions.length === 0) return predictions
  return versions.reduce((sum, version) => sum + version.predictions, 0)
}

function tiles(data: ReportData, formats: Formats): Html {
  const { words } = formats.texts
  const { evaluation } = data
  const auc = evaluation?.metrics.rocAuc
  const predictions = data.windows.reduce((sum, w) => sum + answeredIn(w), 0)
  const retrainings = data.decisions.filter((d) => d.outcome === 'retrain').length
  return html`<div class="tiles">
    ${evaluation && tile(words.best, evaluation.candidate)}
    ${auc && tile('ROC AUC', formats.number(auc.value))}
    ${evaluation?.value && tile(`${words.value} ${words.perDecision}`, formats.money(evaluation.value.perDecision.value, evaluation.value.currency))}
    ${data.endpoint && tile(words.champion, `v${data.endpoint.stable}`)}
    ${predictions > 0 ? tile(words.predictions, formats.number(predictions)) : ''}
    ${data.decisions.length > 0 ? tile(words.retrain, formats.number(retrainings)) : ''}
  </div>`
}

function stepsTable(data: ReportData, formats: Formats, stage: Stage): Html {
  const { words } = formats.texts
  const steps = data.run.steps.filter((step) => step.stage === stage)
  if (steps.length === 0) return raw('')
  return html`<details class="small"><summary>${steps.length} × ${words.step.toLowerCase()}</summary><ul>${steps.map((s) => html`<li>${s.name}: ${formats.duration(s.durationMs)}${s.cached ? ` (${words.cached})` : ''}${s.workerMs > 0 ? ` — ${words.worker} ${formats.duration(s.workerMs)}` : ''}</li>`)}</ul></details>`
}

function body(data: ReportData, formats: Formats): Html {
  const { texts, language } = formats
  const { run } = data
  return html`<main lang="${language}">
    <header><h1>${data.project.name}</h1><span class="badge ${run.outcome === 'deployed' || run.outcome === 'champion-kept' ? 'good' : 'bad'}">${texts.outcome[run.outcome]}</span>
    <span class="small">${texts.title} · ${texts.asOf} ${formats.day(run.asOf)} · ${texts.generated} ${formats.time(run.finishedAt)} UTC · <code>${run.id}</code></span></header>
    ${beltMap(data, formats, language)}
    ${tiles(data, formats)}
    ${STAGES.map((stage, i) => html`<section id="${language}-${stage}"><h2><span class="index">${i + 1}</span>${texts.stages[stage]}</h2><p class="lead">${texts.lead[stage]}</p>${SECTIONS[stage](data, formats)}${stepsTable(data, formats, stage)}</section>`)}
  </main>`
}

/** One self-contained HTML page, in every language of the report, with a switch between them. */
export function renderReport(data: ReportData): string {
  const formats = REPORT_LANGUAGES.map(createFormats)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${data.project.name} · Esteira</title><style>${raw(STYLE)}</style></head>
<body><div class="languages">${formats.map((f) => html`<button type="button" value="${f.language}" aria-pressed="false">${f.texts.language}</button> `)}</div>
${formats.map((f) => body(data, f))}
<script>${raw(SCRIPT)}</script></body></html>`
  return page.html
}
