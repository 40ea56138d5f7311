import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** An exporter that tells once when its receiver stops taking spans, and once when it does again. */
export function watchExporter(
  exporter: SpanExporter,
  tell: (message: string) => void,
): SpanExporter {
  let lost = 0

  function note({ code, error }: ExportResult, spans: number): void {
    if (code === ExportResultCode.SUCCESS) {
      if (lost > 0) tell(`Traces are sent again; ${lost} spans were lost.`)
      lost = 0
      return
    }
    if (lost === 0) tell(`Traces cannot be sent, requests go on without: ${reasonOf(error)}.`)
    lost += spans
  }

  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
      exporter.export(spans, (result) => {
        note(result, spans.length)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

/** The kind of trouble alone: an address may hold a password. */
function reasonOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (typeof code === 'number') return `the receiver answered ${code}`
  return typeof code === 'string' ? code : 'no answer in time'
}
