import { describe, expect, test } from 'vitest'
import { combined, groups, merged, wordsOf } from '../src/text/alignment'
import { toBytes } from '../src/text/bytes'

describe('words', () => {
  test('have the bytes of what they are', () => {
    const text = "¿Y la vida, qué es? Dime tú, d'água 3.5"
    const words = wordsOf(text)
    expect(words.map((word) => word.text)).toEqual([
      '¿',
      'Y',
      'la',
      'vida',
      ',',
      'qué',
      'es',
      '?',
      'Dime',
      'tú',
      ',',
      "d'água",
      '3.5',
    ])
    const bytes = toBytes(text)
    for (const word of words) {
      expect(new TextDecoder().decode(bytes.subarray(...word.span))).toBe(word.text)
    }
  })
})

describe('from tokens to words', () => {
  const words = wordsOf('ab cd')

  test('tokens join the word that they share a byte with; a lone space joins the next', () => {
    expect(groups([[0, 1], [1, 2], [2, 3], [3, 5], null], words)).toEqual([0, 0, 1, 1, -1])
  })
  test('rows are means and columns sums, so that a row still sums to what it did', () => {
    const matrix = [
      [0.5, 0.25, 0.25],
      [0.1, 0.7, 0.2],
    ]
    const result = merged(matrix, [0, 0], [0, 0, 1], [1, 2])
    expect(result[0]![0]).toBeCloseTo(0.775)
    expect(result[0]![1]).toBeCloseTo(0.225)
  })
})

test('several heads as one', () => {
  const heads = [[[0, 1]], [[1, 0.5]]]
  expect(combined(heads, 'mean')).toEqual([[0.5, 0.75]])
  expect(combined(heads, 'max')).toEqual([[1, 1]])
  expect(combined([], 'mean')).toEqual([])
})
