import { gatewayProcessErrors } from './errors.ts'
import type { Addresses, GroupFigures, ProcessFigures, ToPrimary, ToWorker } from './messages.ts'
import { refusalOf } from './refused-start.ts'

/** A gateway in one process, as a worker runs it. */
export interface RunningGateway<News> {
  readonly addresses: Addresses
  figures(): ProcessFigures
  hear(news: News): void
  /** Finishes what is under way, then ends. */
  close(): Promise<void>
}

/** Asks the primary process about all processes. */
export type AskGroup = () => Promise<GroupFigures>

const TELL_EVERY_MS = 1_000
const ANSWER_WITHIN_MS = 5_000

/**
 * The life of a worker process: opens a gateway as the primary process orders, tells its figures,
 * and ends when it is asked to, or at once when the primary process is gone.
 */
export async function runWorker<Order, News>(
  open: (order: Order, askGroup: AskGroup) => Promise<RunningGateway<News>>,
): Promise<void> {
  const questions = new Map<number, (figures: GroupFigures) => void>()
  let asked = 0
  const askGroup: AskGroup = () =>
    new Promise((resolve, reject) => {
      const question = asked++
      const timer = setTimeout(() => {
        questions.delete(question)
        reject(gatewayProcessErrors.GATEWAY_FIGURES_LATE({ seconds: ANSWER_WITHIN_MS / 1_000 }))
      }, ANSWER_WITHIN_MS)
      questions.set(question, (figures) => {
        clearTimeout(timer)
        resolve(figures)
      })
      tell({ kind: 'ask-group-figures', question })
    })
  let gateway: RunningGateway<News> | undefined
  const earlyNews: News[] = []
  const ordered = Promise.withResolvers<Order>()
  const drained = Promise.withResolvers<void>()

  process.on('message', (message: ToWorker<Order, News>) => {
    if (message.kind === 'start') ordered.resolve(message.order)
    else if (message.kind === 'drain') drained.resolve()
    else if (message.kind === 'group-figures') {
      questions.get(message.question)?.(message.figures)
      questions.delete(message.question)
    } else if (message.kind === 'news') {
      if (gateway === undefined) earlyNews.push(message.news)
      else gateway.hear(message.news)
    } else if (gateway !== undefined) {
      tell({ kind: 'figures', question: message.question, figures: gateway.figures() })
    }
  })
  // Ctrl-C goes to every process of a terminal; the primary process says what is to be done.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => drained.resolve())
  tell({ kind: 'listening' })

  try {
    const opened = await open(await ordered.promise, askGroup)
    gateway = opened
    for (const news of earlyNews) opened.hear(news)
    const tellFigures = () => tell({ kind: 'figures', question: null, figures: opened.figures() })
    tellFigures()
    tell({ kind: 'ready', addresses: opened.addresses })
    const timer = setInterval(tellFigures, TELL_EVERY_MS)
    await drained.promise
    await opened.close()
    clearInterval(timer)
    await tellLast({ kind: 'figures', question: null, figures: opened.figures() })
    process.exit(0)
  } catch (error) {
    const refused = refusalOf(error)
    if (refused === undefined) throw error
    await tellLast({ kind: 'refused', error: refused })
    process.exit(1)
  }
}

function tell(message: ToPrimary): void {
  process.send?.(message, undefined, undefined, () => {})
}

/** Waits until the message is out, since the process ends next. */
function tellLast(message: ToPrimary): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
