import { describe, expect, test } from 'vitest'
import type { Trace } from '../src/api/types'
import { layRows, preTokenOf, rowOf, sharings, shownTokens, type ShownToken } from '../src/text/tokens'

const trace: Trace = {
  format: 'atento.trace',
  version: 1,
  tokenizer: { name: 'tiny', kind: 'byte-bpe', size: 300, library: '' },
  text: 'ab á\nc',
  specials: 'text',
  names: [],
  normalised: 'ab á\nc',
  pre_tokens: [
    { text: 'ab', span: [0, 2], tokens: [0, 1], special: false, replay: null },
    { text: ' á\nc', span: [2, 7], tokens: [1, 5], special: false, replay: null },
  ],
  tokens: [
    { id: 7, piece: 'ab', label: 'ab', raw: '6162', span: [0, 2], graphemes: [0, 2], role: 'ordinary' },
    { id: 8, piece: 'ĠÃ', label: '▁⟨C3⟩', raw: '20c3', span: [2, 4], graphemes: [2, 4], role: 'ordinary' },
    { id: 9, piece: '¡', label: '⟨A1⟩', raw: 'a1', span: [4, 5], graphemes: [3, 4], role: 'ordinary' },
    { id: 10, piece: 'Ċ', label: '⏎', raw: '0a', span: [5, 6], graphemes: [4, 5], role: 'ordinary' },
    { id: 11, piece: 'c', label: 'c', raw: '63', span: [6, 7], graphemes: [5, 6], role: 'ordinary' },
  ],
  finished: [],
  graphemes: 6,
  shared: [{ grapheme: 'á', span: [3, 5], tokens: [1, 2] }],
  decoded: 'ab á\nc',
}

describe('views', () => {
  const labels = (view: Parameters<typeof shownTokens>[1], marks = false) =>
    shownTokens(trace, view, marks).map(({ label }) => label)

  test('text comes from the raw bytes, whatever the vocabulary spells', () => {
    expect(labels('text')).toEqual(['ab', ' ⟨C3⟩', '⟨A1⟩', '\n', 'c'])
    expect(labels('text', true)).toEqual(['ab', '·⟨C3⟩', '⟨A1⟩', '⏎', 'c'])
  })
  test('the other views', () => {
    expect(labels('pieces')).toEqual(['ab', 'ĠÃ', '¡', 'Ċ', 'c'])
    expect(labels('ids')).toEqual(['7', '8', '9', '10', '11'])
    expect(labels('bytes')).toEqual(['61 62', '20 C3', 'A1', '0A', '63'])
    expect(labels('points')[0]).toBe('U+0061 U+0062')
  })
  test('a line feed ends a row', () => {
    expect(shownTokens(trace, 'ids', false).map(({ breaks }) => breaks)).toEqual([false, false, false, true, false])
  })
})

describe('rows', () => {
  const tokens = (...labels: string[]): ShownToken[] => labels.map((label) => ({ label, breaks: label.endsWith('\n') }))
  const measure = (label: string) => 10 * label.length

  test('hold every token once and in order, none wider than there is room', () => {
    const many = tokens(...Array.from({ length: 500 }, (_, place) => 'x'.repeat(1 + (place % 7))))
    const rows = layRows(many, measure, 100)
    expect(rows[0]!.first).toBe(0)
    expect(rows.at(-1)!.stop).toBe(many.length)
    for (const [place, row] of rows.entries()) {
      if (place > 0) expect(row.first).toBe(rows[place - 1]!.stop)
      const width = many.slice(row.first, row.stop).reduce((sum, token) => sum + measure(token.label), 0)
      expect(width).toBeLessThanOrEqual(100)
    }
  })
  test('a token wider than the page has a row of its own', () => {
    expect(layRows(tokens('a', 'b'.repeat(50), 'c'), measure, 100)).toHaveLength(3)
  })
  test('paragraphs have their own directions', () => {
    const rows = layRows(tokens('abc\n', 'שלום'), measure, 1000)
    expect(rows.map(({ direction }) => direction)).toEqual(['ltr', 'rtl'])
  })
  test('the row of a token is found', () => {
    const rows = layRows(tokens(...'abcdefghij'), measure, 35)
    for (let token = 0; token < 10; token++) {
      const row = rows[rowOf(rows, token)]!
      expect(row.first <= token && token < row.stop).toBe(true)
    }
  })
  test('no tokens, no rows', () => expect(layRows([], measure, 100)).toEqual([]))
})

test('tokens that share a grapheme know their neighbours', () => {
  const found = sharings(trace)
  expect(found.get(1)).toEqual({ before: false, after: true, grapheme: 'á' })
  expect(found.get(2)).toEqual({ before: true, after: false, grapheme: 'á' })
  expect(found.has(0)).toBe(false)
})

test('the pre-token of a token', () => {
  expect([0, 1, 4].map((token) => preTokenOf(trace, token))).toEqual([0, 1, 1])
})
