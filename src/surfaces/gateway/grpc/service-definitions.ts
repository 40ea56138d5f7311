import { fileURLToPath } from 'node:url'
import { type AnyDefinition, loadSync, type ServiceDefinition } from '@grpc/proto-loader'

/** Stands for a request whose bytes are no message; the library alone would call it our fault. */
export interface Malformed {
  readonly malformed: string
}

export function isMalformed(message: object): message is Malformed {
  return 'malformed' in message && typeof message.malformed === 'string'
}

/** The services by their full names. */
export function loadServices(): ReadonlyMap<string, ServiceDefinition> {
  const services = new Map<string, ServiceDefinition>()
  for (const file of ['./open-inference.proto', './health.proto']) {
    const definitions = loadSync(fileURLToPath(new URL(file, import.meta.url)), {
      keepCase: true,
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
    })
    for (const [name, definition] of Object.entries(definitions)) {
      if (isService(definition)) services.set(name, tolerant(definition))
    }
  }
  return services
}

function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !('format' in definition)
}

function tolerant(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      {
        ...method,
        requestDeserialize(bytes: Buffer): object {
          try {
            return method.requestDeserialize(bytes)
          } catch (cause) {
            return { malformed: cause instanceof Error ? cause.message : String(cause) }
          }
        },
      },
    ]),
  )
}
