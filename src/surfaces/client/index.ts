export { type CallOptions, type Calls, createClient, type EsteiraClient } from './client.ts'
export { ClientError } from './client-error.ts'
export type { Progress } from './progress.ts'
export type { ClientOptions } from './transport.ts'
