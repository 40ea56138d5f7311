import type { Digest } from '../../../core/identity/index.ts'
import type { LookFacts, LookNews, OpenPlatformOptions, Platform } from '../../../flows/index.ts'
import type { ProgressEvent } from '../../../platform/orchestration/index.ts'
import type { ServerConfig } from '../../server/index.ts'

/** Where a platform's stores are, beside its data folder; what is absent is as the environment says. */
export type StorePlaces = Pick<
  OpenPlatformOptions,
  'databaseUrl' | 'onlineStoreUrl' | 'artifactsDestination'
>

/**
 * How a process that takes a look opens the platform again. Plain JSON, and sent to it: the URLs may
 * hold passwords, which everybody could read on a command line.
 */
export type WatchOrder = StorePlaces &
  Required<Pick<OpenPlatformOptions, 'projectFolder' | 'loaded' | 'dataFolder' | 'actor'>>

/** What the process that takes a look is told. */
export type ToWatchProcess =
  | { readonly kind: 'start'; readonly order: WatchOrder }
  /** Once it is ready. */
  | { readonly kind: 'look'; readonly facts: LookFacts }
  | { readonly kind: 'stop' }

/** What it tells. */
export type FromWatchProcess =
  /** Its stores are open. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'news'; readonly news: LookNews }
  | { readonly kind: 'progress'; readonly event: ProgressEvent }
  | { readonly kind: 'done' }
  /** The error's. */
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }

export function storePlaces(config: ServerConfig): StorePlaces {
  const { databaseUrl, onlineStore: onlineStoreUrl, artifactsDestination } = config
  return { databaseUrl, onlineStoreUrl, artifactsDestination }
}

/** The project as it was read at the start, with the very stores that are open here. */
export function watchOrder(platform: Platform, places: StorePlaces): WatchOrder {
  const { project, projectDigest, projectFolder, folder, actor } = platform
  return {
    ...places,
    projectFolder,
    loaded: { project, digest: projectDigest as Digest, folder: projectFolder },
    dataFolder: folder,
    actor,
  }
}
