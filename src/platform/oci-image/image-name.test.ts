import { describe, expect, test } from 'vitest'
import { readImageName } from './index.ts'

describe('the name of an image', () => {
  test.each([
    ['delays', 'delays', 'latest', 'docker.io/library/delays:latest'],
    ['delays:3', 'delays', '3', 'docker.io/library/delays:3'],
    ['team/delays:v1.2', 'team/delays', 'v1.2', 'docker.io/team/delays:v1.2'],
    ['r.example:5000/a/b', 'r.example:5000/a/b', 'latest', 'r.example:5000/a/b:latest'],
    ['localhost/a:1', 'localhost/a', '1', 'localhost/a:1'],
  ])('%s is read in its parts', (text, repository, tag, full) => {
    expect(readImageName(text)).toEqual({ repository, tag, full })
  })

  test.each(['', 'Delays', 'a//b', 'a:', 'a:b c', 'a/-b', `a:${'x'.repeat(129)}`, 'a'.repeat(256)])(
    '%j is refused',
    (text) => {
      expect(() => readImageName(text)).toThrow(
        expect.objectContaining({ code: 'IMAGE_NAME_INVALID' }),
      )
    },
  )
})
