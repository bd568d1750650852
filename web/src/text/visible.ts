/** Characters made visible: what controls, reorders, joins or leaves blank is named, as the library names it. */

import { decoded } from './bytes'

const NAMES: Record<string, string> = {
  '\r': 'CR', '\u0085': 'NEL', '\u00ad': 'SHY', '\u034f': 'CGJ', '\u061c': 'ALM', '\u180e': 'MVS', '\u200b': 'ZWSP',
  '\u200c': 'ZWNJ', '\u200d': 'ZWJ', '\u200e': 'LRM', '\u200f': 'RLM', '\u2028': 'LSEP', '\u2029': 'PSEP',
  '\u202a': 'LRE', '\u202b': 'RLE', '\u202c': 'PDF', '\u202d': 'LRO', '\u202e': 'RLO', '\u2060': 'WJ',
  '\u2066': 'LRI', '\u2067': 'RLI', '\u2068': 'FSI', '\u2069': 'PDI', '\ufeff': 'BOM', '\u202f': 'NNBSP',
  '\u205f': 'MMSP', '\u3000': 'IDSP',
} // prettier-ignore
const SPACES: Record<string, string> = { ' ': '·', '\t': '→', '\n': '⏎', '\u00a0': '⍽' }
/** Letters and marks that nothing is seen of, as code points from and to. */
const BLANK: readonly [number, number][] = [
  [0x034f, 0x034f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180d],
  [0x180f, 0x180f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xffa0, 0xffa0],
  [0xfe00, 0xfe0f],
  [0xe0100, 0xe01ef],
]
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
const WHITE = /[\t\n\p{Zs}]/u

function named(character: string): string {
  const code = character.codePointAt(0)!
  if (code >= 0xfe00 && code <= 0xfe0f) return `⟨VS${code - 0xfe00 + 1}⟩`
  if (code >= 0xe0100 && code <= 0xe01ef) return `⟨VS${code - 0xe0100 + 17}⟩`
  return `⟨${NAMES[character] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}⟩`
}

function isBlank(code: number): boolean {
  return code > 0x2ff && BLANK.some(([from, to]) => from <= code && code <= to)
}

function shown(character: string): string {
  if (WHITE.test(character)) return SPACES[character] ?? named(character)
  return UNSEEN.test(character) || isBlank(character.codePointAt(0)!) ? named(character) : character
}

/** A text in which nothing is invisible, white space included. */
export function visible(text: string): string {
  return Array.from(text, shown).join('')
}

/** Bytes as text; those that are no whole character as `⟨C3⟩`. */
export function renderedBytes(bytes: Uint8Array, marks: boolean): string {
  const text = decoded(bytes)
  if (text !== null) return marks ? visible(text) : text
  const whole = wholePrefix(bytes)
  if (whole > 0) return renderedBytes(bytes.subarray(0, whole), marks) + renderedBytes(bytes.subarray(whole), marks)
  const byte = bytes[0] ?? 0
  return `⟨${byte.toString(16).toUpperCase().padStart(2, '0')}⟩${renderedBytes(bytes.subarray(1), marks)}`
}

/** The length of the longest whole character at the beginning; 0 if there is none. */
function wholePrefix(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(4, bytes.length); length++) {
    if (decoded(bytes.subarray(0, length)) !== null) return length
  }
  return 0
}

/** Which way a paragraph runs, after its first strong letter. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  const first = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]|\p{L}/u.exec(text)
  return first && /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(first[0])
    ? 'rtl'
    : 'ltr'
}
