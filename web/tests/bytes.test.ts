import { describe, expect, test } from 'vitest'
import {
  byteLevelTable,
  bytesOfPiece,
  codePoints,
  countCharacters,
  decoded,
  fromHex,
  hexadecimal,
  toBytes,
} from '../src/text/bytes'

describe('bytes and their renderings', () => {
  test('hexadecimal is read back', () => {
    const bytes = toBytes('imagináveis 👩‍👩‍👧')
    expect(fromHex(hexadecimal(bytes).replaceAll(' ', ''))).toEqual(bytes)
  })

  test('half a character is no text', () => {
    expect(decoded(Uint8Array.of(0xc3))).toBeNull()
    expect(decoded(Uint8Array.of(0xc3, 0xa1))).toBe('á')
  })

  test('a byte order mark is a character like others', () => {
    expect(decoded(toBytes('\ufeffa'))).toBe('\ufeffa')
  })

  test('code points, and bytes where there are none', () => {
    expect(codePoints(toBytes('á👧'))).toBe('U+00E1 U+1F467')
    expect(codePoints(Uint8Array.of(0xf0, 0x9f))).toBe('F0 9F')
  })

  test.each(['', 'abc', 'á', '👧👧', 'a\ud800b', '\udc00', '\ud83d\ude00\ud83d'])(
    '%j is counted as Python counts it',
    (text) => {
      expect(countCharacters(text)).toBe(Array.from(text).length)
    },
  )

  test('every byte has one letter of its own in byte-level pieces', () => {
    const table = byteLevelTable()
    expect(table.size).toBe(256)
    expect(new Set(table.values()).size).toBe(256)
    expect(table.get('Ġ')).toBe(32)
    expect(table.get('Ċ')).toBe(10)
  })

  test('a byte-level piece gives its bytes, another gives none', () => {
    expect(decoded(bytesOfPiece('ĠinimaginÃ¡veis')!)).toBe(' inimagináveis')
    expect(bytesOfPiece('日')).toBeNull()
  })
})
