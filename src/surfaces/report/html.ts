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

/** A table; cells that are numbers in text stand right. */
export function table(head: readonly HtmlPart[], rows: readonly (readonly HtmlPart[])[]): Html {
  if (rows.length === 0) return raw('')
  const cells = (row: readonly HtmlPart[]) =>
    row.map((cell) => {
      const numeric =
        typeof cell === 'number' ||
        (typeof cell === 'string' && /^[−+-]?[\d.,]+(\s?[%\w]{0,4})?$/.test(cell))
      return numeric ? html`<td class="number">${cell}</td>` : html`<td>${cell}</td>`
    })
  return html`<div class="scroll"><table><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table></div>`
}

export function facts(pairs: readonly (readonly [HtmlPart, HtmlPart])[]): Html {
  return html`<dl>${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
