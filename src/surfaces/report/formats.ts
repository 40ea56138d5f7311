import type { Reason } from '../../core/records/index.ts'
import { en, type Texts } from './texts/en.ts'
import { ptBr } from './texts/pt-br.ts'

export const REPORT_LANGUAGES = ['en', 'pt-BR'] as const
export type ReportLanguage = (typeof REPORT_LANGUAGES)[number]

const TEXTS: Readonly<Record<ReportLanguage, Texts>> = { en, 'pt-BR': ptBr }

/** How one language writes numbers, money, times and reasons. */
export interface Formats {
  readonly language: ReportLanguage
  readonly texts: Texts
  number(value: number | null | undefined, digits?: number): string
  percent(value: number, digits?: number): string
  money(value: number, currency: string, digits?: number): string
  duration(ms: number): string
  day(iso: string | null): string
  time(iso: string): string
  bytes(count: number): string
  reason(reason: Reason): string
}

function fill(template: string, reason: Reason, formats: Formats): string {
  return template.replace(/\{(\w+)(?::(\w+))?\}/g, (_all, name: string, form?: string) => {
    const value = reason.values[name]
    if (typeof value !== 'number') return String(value ?? '')
    return form === 'percent' ? formats.percent(value) : formats.number(value)
  })
}

function durationText(ms: number, number: Formats['number']): string {
  if (ms < 1_000) return `${number(ms, ms < 10 ? 1 : 0)} ms`
  if (ms < 60_000) return `${number(ms / 1_000, 1)} s`
  return `${Math.floor(ms / 60_000)} min ${number(Math.round((ms % 60_000) / 1_000), 0)} s`
}

export function createFormats(language: ReportLanguage): Formats {
  const texts = TEXTS[language]
  const number: Formats['number'] = (value, digits) => {
    if (value === null || value === undefined) return '–'
    const size = Math.abs(value)
    const fraction =
      digits ??
      (Number.isInteger(value) || size >= 1_000 ? 0 : size >= 10 ? 1 : size >= 0.001 ? 3 : 6)
    return new Intl.NumberFormat(language, { maximumFractionDigits: fraction }).format(value)
  }
  const formats: Formats = {
    language,
    texts,
    number,
    percent: (value, digits = 1) =>
      new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(
        value,
      ),
    money: (value, currency, digits = 2) =>
      new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
        maximumFractionDigits: digits,
        minimumFractionDigits: Math.min(digits, 2),
      }).format(value),
    duration: (ms) => durationText(ms, number),
    day: (iso) => (iso === null ? '–' : iso.slice(0, 10)),
    time: (iso) => iso.slice(0, 16).replace('T', ' '),
    bytes: (count) =>
      count < 1_048_576 ? `${number(count / 1_024, 0)} KB` : `${number(count / 1_048_576, 1)} MB`,
    reason(reason) {
      const template = texts.reasons[reason.code]
      return template === undefined ? reason.message : fill(template, reason, formats)
    },
  }
  return formats
}
