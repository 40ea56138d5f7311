import { describe, expect, it } from 'vitest'
import { readDocument } from './document-file.ts'

function failure(file: string, text: string) {
  try {
    readDocument(file, text)
  } catch (error) {
    return error
  }
  throw new Error('the document was read')
}

describe('readDocument', () => {
  it('reads JSON written with tabs', () => {
    expect(readDocument('a.json', '{\n\t"name": "x",\n\t"n": [1, 2]\n}').value).toEqual({
      name: 'x',
      n: [1, 2],
    })
  })

  it('finds keys and items by path', () => {
    const { locate } = readDocument('a.yaml', 'a:\n  b:\n    - c: 1\n      d: 2\n')
    expect(locate(['a', 'b'])).toEqual({ line: 2, column: 3 })
    expect(locate(['a', 'b', 0, 'd'])).toEqual({ line: 4, column: 7 })
    expect(locate(['a', 'nothing'])).toEqual({ line: 1, column: 1 })
    expect(locate([])).toEqual({ line: 1, column: 1 })
  })

  it.each([
    ['a.json', '{\n "a": 1,\n "a": 2\n}', /a\.json:3:2 cannot be read: Map keys must be unique/],
    ['a.yaml', 'a: 1\na: 2\n', /a\.yaml:2:1 .*unique/],
    ['a.yaml', 'a: [1, 2\nb: 3\n', /a\.yaml:\d+:\d+ cannot be read/],
    ['a.json', '{ a: 1 }', /a\.json cannot be read: Expected property name/],
    ['a.json', '', /a\.json cannot be read/],
  ])('refuses %s: %j', (file, text, message) => {
    expect(failure(file, text)).toMatchObject({
      code: 'PROJECT_FILE_UNREADABLE',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a document that grows without end by aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 9; i++) {
      lines.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    }
    expect(failure('a.yaml', lines.join('\n'))).toMatchObject({ code: 'PROJECT_FILE_UNREADABLE' })
  })
})
