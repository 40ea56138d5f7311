import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

export const monitoringErrors = defineErrors({
  MONITORING_POSITIVE_CLASS_UNKNOWN: problem<{
    readonly endpoint: string
    readonly positiveClass: string
    readonly classes: readonly string[]
  }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) =>
      `endpoint ${d.endpoint}: the positive class "${d.positiveClass}" is not among the model's classes ${d.classes.join(', ') || '(none)'}`,
    hint: (d) =>
      didYouMean(d.positiveClass, d.classes) ||
      'Watch the version with the classes and the positive class of its own signature.',
  }),
})
