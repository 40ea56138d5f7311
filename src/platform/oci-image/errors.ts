import { defineErrors, problem } from '../../core/errors/index.ts'

export const ociImageErrors = defineErrors({
  IMAGE_SOURCE_CHANGED: problem<{ file: string; expected: number; got: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The file ${d.file} changed while it was packed: expected ${d.expected} bytes, got ${d.got}${d.got > d.expected ? ' or more' : ''}.`,
    hint: () => 'Run the command again when nothing writes there; no image was left behind.',
  }),
  IMAGE_OUTPUT_TAKEN: problem<{ path: string }>({
    status: 409,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The output ${d.path} exists already; an image never replaces anything.`,
    hint: () => 'Remove it, or name another --output.',
  }),
  IMAGE_UNWRITABLE: problem<{ path: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The image cannot be written to ${d.path}: ${d.reason}.`,
    hint: () => 'Name an output in a folder that exists and that you may write to.',
  }),
  IMAGE_NAME_INVALID: problem<{ name: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The image cannot be called "${d.name}": ${d.reason}.`,
    hint: () => 'For example: --tag flight-delays:3 or --tag registry.example/team/delays:2026-03.',
  }),
})
