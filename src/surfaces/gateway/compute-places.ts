import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import {
  loadModel,
  type ModelOrder,
  type ModelSession,
  type ModelThread,
  openModelThread,
} from '../../platform/inference/index.ts'

/** Where the models of a process are loaded and compute. */
export interface ComputePlaces {
  /**
   * @param isShadow whether nobody waits for the model's answers, so that it must hold up nobody's
   * @throws as `loadModel`
   */
  open(order: ModelOrder, isShadow: boolean): Promise<ModelSession>
  /** Ends the threads, after their models were closed. */
  close(): Promise<void>
}

export interface ComputeOptions {
  /**
   * Whether this process has more than one core to itself, so that a thread beside the event loop is
   * worth its messages. @default whether the process may use more than one
   */
  readonly hasSpareCore?: boolean | undefined
}

/**
 * Models of this size take long to load, and some stand still for long when they are asked: they get a
 * thread of their own, whatever it costs. Below it loading takes some milliseconds.
 */
const LARGE_BYTES = 2_000_000
/** A shadow that answers no more is given up after so long; nobody but itself waits for it. */
const SHADOW_ANSWERS_WITHIN_MS = 10_000

/**
 * Small models share a thread where there is a core for it, and else compute in the event loop's own;
 * large ones and shadows have a thread each. So a large model that is loaded holds up no request of
 * another, and the event loop reads and writes while models compute.
 */
export function createComputePlaces(options: ComputeOptions = {}): ComputePlaces {
  const { hasSpareCore = availableParallelism() > 1 } = options
  const shared = openModelThread({ staysOpen: true })
  const threads = [shared]
  /** Of large models that left: the next one finds memory there that nobody else gets. */
  const idle: ModelThread[] = []
  const openLarge = async (order: ModelOrder) => {
    let thread = idle.pop()
    if (thread === undefined) {
      thread = openModelThread({ staysOpen: true })
      threads.push(thread)
    }
    const own = thread
    try {
      return closingWith(await own.load(order), () => idle.push(own))
    } catch (error) {
      idle.push(own)
      throw error
    }
  }
  return {
    async open(order, isShadow) {
      if (isShadow) {
        return openModelThread({ answersWithinMs: SHADOW_ANSWERS_WITHIN_MS }).load(order)
      }
      if (await isLarge(order.path)) return openLarge(order)
      return hasSpareCore ? shared.load(order) : loadModel(order)
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.end()))
    },
  }
}

function closingWith(session: ModelSession, then: () => void): ModelSession {
  const { signature, digest, isApart } = session
  return {
    signature,
    digest,
    isApart,
    get hasEnded() {
      return session.hasEnded
    },
    predict: (batch) => session.predict(batch),
    predictPacked: (rows) => session.predictPacked(rows),
    async close() {
      await session.close()
      then()
    },
  }
}

async function isLarge(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size >= LARGE_BYTES
  } catch {
    // The loader says best what is wrong with a file that is not there.
    return false
  }
}
