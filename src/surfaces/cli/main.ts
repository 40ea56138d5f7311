#!/usr/bin/env node
// Nothing newer than plain JavaScript may be needed before this check: it has to be readable on
// the very versions it turns away.
const OLDEST = [22, 18] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `error  Esteira needs Node ${OLDEST.join('.')} or newer; this is Node ${process.versions.node}.\n` +
      'do     Install a newer Node, or run it with one: npx --package=node@24 --package=esteira esteira\n',
  )
  process.exit(7)
}

// Compiled code is kept in the temporary folder: a command that has nothing to compute is mostly start-up.
const { enableCompileCache } = await import('node:module')
enableCompileCache()
const { runCommandLine } = await import('./run-command-line.ts')
const { createTerminal } = await import('./terminal.ts')
process.exitCode = await runCommandLine(process.argv.slice(2), createTerminal(process))
