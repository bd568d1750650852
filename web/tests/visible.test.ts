import { describe, expect, test } from 'vitest'
import { toBytes } from '../src/text/bytes'
import { directionOf, renderedBytes, visible } from '../src/text/visible'

describe('characters made visible', () => {
  test.each([
    ['a b\tc\n', 'a·b→c⏎'],
    ['\u00a0', '⍽'],
    ['\u202e', '⟨RLO⟩'],
    ['👩\u200d👩', '👩⟨ZWJ⟩👩'],
    ['\u0007', '⟨U+0007⟩'],
    ['\ufe0f', '⟨VS16⟩'],
    ['\u{e0100}', '⟨VS17⟩'],
    ['\u2003', '⟨U+2003⟩'],
    ['\u3000', '⟨IDSP⟩'],
    ['\ud800', '⟨U+D800⟩'],
    ['ação ñ', 'ação·ñ'],
  ])('%j', (text, shown) => expect(visible(text)).toBe(shown))

  test('bytes that are no whole character are named among those that are', () => {
    expect(renderedBytes(Uint8Array.of(0x61, 0xc3), true)).toBe('a⟨C3⟩')
    expect(renderedBytes(Uint8Array.of(0xa9, 0x20, 0x62), true)).toBe('⟨A9⟩·b')
    expect(renderedBytes(toBytes('olá '), false)).toBe('olá ')
  })

  test('a paragraph runs as its first letter does', () => {
    expect(directionOf('123 שלום abc')).toBe('rtl')
    expect(directionOf('123 abc שלום')).toBe('ltr')
    expect(directionOf('')).toBe('ltr')
  })
})
