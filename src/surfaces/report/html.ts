/** A piece of finished HTML, never escaped again. */
export interface Html {
  readonly html: string
}

export function raw(html: string): Html {
  return { html }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}

export type HtmlPart = Html | string | number | false | null | undefined | readonly HtmlPart[]

function isParts(part: HtmlPart): part is readonly HtmlPart[] {
  return Array.isArray(part)
}

function render(part: HtmlPart): string {
  if (part === null || part === undefined || part === false) return ''
  if (isParts(part)) return part.map(render).join('')
  if (typeof part === 'object') return part.html
  return escapeText(String(part))
}

/** Template tag that escapes every value but finished HTML: names in data can hold anything. */
export function html(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return raw(texts.map((text, i) => text + (i < parts.length ? render(parts[i]) : '')).join(''))
}

function isNumber(cell: HtmlPart | undefined): boolean {
  if (typeof cell === 'number') return true
  return (
    typeof cell === 'string' &&
    /^(?:–|[−+-]?(?:[A-Z]{0,2}\$\s?)?[\d.,]+(?:\s?[%\w]{0,4})?)$/.test(cell)
  )
}

/** A table; the first column names, and a later column whose every cell is a number stands right. */
export function table(head: readonly HtmlPart[], rows: readonly (readonly HtmlPart[])[]): Html {
  if (rows.length === 0) return raw('')
  const kinds = head.map((_, i) =>
    i > 0 && rows.every((row) => isNumber(row[i])) ? 'number' : 'text',
  )
  const heads = head.map((h, i) => html`<th scope="col" class="${kinds[i] ?? 'text'}">${h}</th>`)
  const lines = rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) => html`<td class="${kinds[i] ?? 'text'}">${cell}</td>`)}</tr>`,
  )
  return html`<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`
}

export function facts(pairs: readonly (readonly [HtmlPart, HtmlPart])[]): Html {
  return html`<dl>${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
