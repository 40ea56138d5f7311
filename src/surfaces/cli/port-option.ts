import { errors } from './errors.ts'

const HIGHEST_PORT = 65_535

/**
 * A TCP port given as an option.
 * @throws COMMAND_INVALID
 */
export function portOption(value: unknown): number {
  const port = Number(value)
  const isPort = Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT
  if (!isPort) {
    const reason = `--port: expected a whole number from 0 to ${HIGHEST_PORT}, got "${value}"`
    throw errors.COMMAND_INVALID({ reason })
  }
  return port
}
