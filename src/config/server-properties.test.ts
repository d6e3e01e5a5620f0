import { describe, expect, test } from '@jest/globals'
import { decodeProperties, parseProperties } from './server-properties.ts'

describe('a properties file', () => {
  test.each([
    ['a=b', { a: 'b' }],
    ['a : b', { a: 'b' }],
    ['a b c', { a: 'b c' }],
    ['  a\t=\tb  ', { a: 'b  ' }],
    ['a', { a: '' }],
    ['# a=b\n! c=d\n\n \t e=f', { e: 'f' }],
    ['a=b\\\n   c\r\nd=e', { a: 'bc', d: 'e' }],
    ['a=b\\\n# no comment here', { a: 'b# no comment here' }],
    ['a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
    ['a\\ b\\=c=d', { 'a b=c': 'd' }],
    ['a=\\u00e4\\t\\q', { a: 'ä\tq' }],
    ['a==b', { a: '=b' }],
    ['a=1\na=2', { a: '2' }],
    ['a=b\\', { a: 'b' }],
    ['a=1\r\rb=2', { a: '1', b: '2' }],
  ])('%j is read as java.util.Properties reads it', (text, expected) => {
    expect(Object.fromEntries(parseProperties(text))).toEqual(expected)
  })

  test('with a broken \\u is refused', () => {
    expect(() => parseProperties('a=\\u12')).toThrow('Malformed \\uxxxx encoding.')
  })

  test('may be UTF-8, with a byte order mark too, or ISO-8859-1', () => {
    expect(decodeProperties(Uint8Array.from([0xef, 0xbb, 0xbf, 0xc3, 0xa4]))).toBe('ä')
    expect(decodeProperties(Uint8Array.from([0x61, 0xe4]))).toBe('aä')
  })
})
