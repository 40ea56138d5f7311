import { describe, expect, it } from 'vitest'
import { parseArtifactPath } from './artifact-path.ts'

describe('artifact paths', () => {
  it.each(['a', 'a/b.txt', '0/8f/artifacts/model/MLmodel', 'a b/ü%2e%2e/x#1', '..a/b..', 'aux'])(
    'takes %j as it is',
    (path) => {
      expect(parseArtifactPath(path, 'linux')).toBe(path)
    },
  )

  it.each(['aux', 'a/NUL', 'com1.txt', 'LPT9', 'a/b:stream', 'trailing.', 'trailing ', 'a?b'])(
    'refuses %j on Windows, where it is no plain file',
    (path) => {
      expect(() => parseArtifactPath(path, 'win32')).toThrow('cannot be used')
    },
  )
})
