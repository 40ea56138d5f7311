import type { ClientOrigin, Metrics, ModelSignature } from '../../core/records/index.ts'
import type { VersionName } from './errors.ts'

export interface ClientCardParts {
  readonly name: VersionName
  readonly estimator: string
  readonly signature: ModelSignature
  readonly threshold: number | null
  readonly metrics: Metrics
  readonly origin: ClientOrigin
}

/** Texts of clients must not become markup of the card. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/[\r\n]+/g, ' ')
}

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  return pairs.map(([key, value]) => `| ${plain(key)} | ${plain(value)} |`)
}

/** The model card of an adopted version: what is known of it, and what is not. */
export function renderClientCard(parts: ClientCardParts): string {
  const { name, estimator, signature, threshold, metrics, origin } = parts
  const { parity } = origin
  return [
    `# ${plain(name.model)}, version ${name.version}`,
    '',
    'A model that a client logged and that was adopted for serving. No belt trained it, and no gate has judged it: the data it was trained on, its fairness and its fitness for use are not known here.',
    '',
    '| | |',
    '| --- | --- |',
    ...rows([
      ['Estimator', estimator],
      ['Problem', signature.problemType],
      ['Classes', signature.classes.join(', ') || 'none'],
      ['Threshold', threshold === null ? 'none' : String(threshold)],
      ['Source', origin.source],
      ['Run', origin.runId ?? 'not known'],
      ['File', `${origin.flavor}, ${origin.format}`],
      [
        'Served file against the original',
        parity === null
          ? 'the client’s own graph'
          : `${parity.rows} rows, off by at most ${parity.maxAbsoluteDifference}`,
      ],
    ]),
    '',
    '## Inputs',
    '',
    '| name | kind |',
    '| --- | --- |',
    ...rows(signature.inputs.map((input) => [input.name, input.kind])),
    '',
    '## Metrics of the run, as the client logged them',
    '',
    ...(Object.keys(metrics).length === 0
      ? ['None.']
      : [
          '| metric | value |',
          '| --- | --- |',
          ...rows(Object.entries(metrics).map(([metric, value]) => [metric, String(value)])),
        ]),
    ...(origin.notes.length === 0
      ? []
      : ['', '## Notes', '', ...origin.notes.map((note) => `- ${plain(note)}`)]),
    '',
  ].join('\n')
}
