import { defineErrors, problem } from '../../core/errors/index.ts'

export const packageEndpointErrors = defineErrors({
  PACKAGE_SYSTEM_UNSUPPORTED: problem<{ system: string }>({
    status: 400,
    exit: 'environment',
    blame: 'caller',
    message: (d) => `An image holds Linux programs, and this machine runs ${d.system}.`,
    hint: () => 'Run the command on Linux, for example in your CI, with the project data there.',
  }),
  LIBRARY_MISSING: problem<{ name: string; file: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `The library ${d.name} that ${d.file} needs is not in the system's folders.`,
    hint: () =>
      'Install it (Debian: libstdc++6, libgcc-s1), or write a build context for a base image that has it: --dockerfile.',
  }),
  DEPENDENCY_MISSING: problem<{ name: string; needer: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `The package "${d.name}" that ${d.needer} needs is not installed.`,
    hint: () => 'Install the dependencies again (`npm ci`), then run the command again.',
  }),
  SEED_UNREADABLE: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `The packed endpoint at ${d.path} cannot be read: ${d.reason}.`,
    hint: () => 'Build the image again with `esteira package`.',
  }),
  BASE_IMAGE_NOT_PINNED: problem<{ got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `The base image must be pinned by its digest: expected name@sha256:<64 hexadecimal digits>, got "${d.got}".`,
    hint: () =>
      'Ask your registry, for example `docker buildx imagetools inspect debian:12-slim`, and name what it says.',
  }),
})
