/** From tokens to words: the same merging as the library's, for a matrix of attention. */

import type { Attention, Span } from '../api/types'
import { toBytes } from './bytes'

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’.-][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu

export interface Word {
  text: string
  span: Span
}

/** Words and marks of a text, with their bytes. */
export function wordsOf(text: string): Word[] {
  const found: Word[] = []
  let byte = 0
  let place = 0
  for (const match of text.matchAll(WORD)) {
    byte += toBytes(text.slice(place, match.index)).length
    const length = toBytes(match[0]).length
    found.push({ text: match[0], span: [byte, byte + length] })
    byte += length
    place = match.index + match[0].length
  }
  return found
}

/** Which word each token belongs to; -1 for those without a place in the text. */
export function groups(spans: readonly (Span | null)[], words: readonly Word[]): number[] {
  return spans.map((span) => {
    if (!span) return -1
    const shared = words.findIndex((word) => word.span[0] < span[1] && span[0] < word.span[1])
    if (shared >= 0) return shared
    const after = words.findIndex((word) => word.span[0] >= span[1])
    return after >= 0 ? after : words.length - 1
  })
}

/** Rows are means over a word's tokens, columns sums. */
export function merged(
  matrix: readonly (readonly number[])[],
  rows: readonly number[],
  columns: readonly number[],
  shape: readonly [number, number],
): number[][] {
  const result = Array.from({ length: shape[0] }, () => Array.from({ length: shape[1] }, () => 0))
  const sizes = Array.from({ length: shape[0] }, (_, row) => rows.filter((group) => group === row).length)
  for (const [place, group] of rows.entries()) {
    if (group < 0) continue
    for (const [column, target] of columns.entries()) {
      if (target >= 0) result[group]![target]! += (matrix[place]?.[column] ?? 0) / sizes[group]!
    }
  }
  return result
}

/** Target words × source words: the mean head of the layer that aligns best, the last but one (Garg et al. 2019). */
export function wordAlignment(attention: Attention, source: readonly Word[], target: readonly Word[]): number[][] {
  const layers = attention.weights.cross ?? []
  const layer = layers[Math.max(0, layers.length - 2)]
  if (!layer) return []
  return merged(
    combined(layer, 'mean'),
    groups(attention.target.spans, target),
    groups(attention.source.spans, source),
    [target.length, source.length],
  )
}

/** Several matrices of one shape as one: cell by cell the mean or the largest. */
export function combined(matrices: readonly number[][][], how: 'mean' | 'max'): number[][] {
  const first = matrices[0]
  if (!first) return []
  return first.map((row, y) =>
    row.map((_, x) => {
      const cells = matrices.map((matrix) => matrix[y]?.[x] ?? 0)
      return how === 'max' ? Math.max(...cells) : cells.reduce((sum, cell) => sum + cell, 0) / cells.length
    }),
  )
}
