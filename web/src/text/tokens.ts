/** A trace's tokens as a reader sees them, in one of five views, and laid out in rows of equal height. */

import type { Trace, TracedToken } from '../api/types'
import { codePoints, fromHex, hexadecimal, toBytes } from './bytes'
import { directionOf, renderedBytes } from './visible'

export const VIEWS = ['text', 'pieces', 'ids', 'bytes', 'points'] as const
export type View = (typeof VIEWS)[number]

export interface ShownToken {
  /** What is written in its box. */
  label: string
  /** Whether a line of the text ends with it. */
  breaks: boolean
}

export function shownTokens(trace: Trace, view: View, marks: boolean): ShownToken[] {
  const raw = toBytes(trace.text)
  return trace.tokens.map((token) => {
    const part = raw.subarray(token.span[0], token.span[1])
    return { label: labelOf(token, part, view, marks), breaks: part.includes(10) }
  })
}

function labelOf(token: TracedToken, part: Uint8Array, view: View, marks: boolean): string {
  switch (view) {
    case 'text':
      return renderedBytes(part, marks) || token.label
    case 'pieces':
      return token.piece
    case 'ids':
      return String(token.id)
    case 'bytes':
      return hexadecimal(token.raw ? fromHex(token.raw) : part)
    case 'points':
      return codePoints(part.length > 0 ? part : fromHex(token.raw))
  }
}

export interface Row {
  first: number
  stop: number
  direction: 'ltr' | 'rtl'
}

/** Break tokens into rows no wider than `width`; a line feed in the text ends a row, too. */
export function layRows(tokens: readonly ShownToken[], measure: (label: string) => number, width: number): Row[] {
  const rows: Row[] = []
  let first = 0
  let used = 0
  let direction: Row['direction'] | undefined
  for (let place = 0; place < tokens.length; place++) {
    const token = tokens[place]!
    direction ??= paragraphDirection(tokens, place)
    const needed = Math.min(width, measure(token.label))
    if (used > 0 && used + needed > width) {
      rows.push({ first, stop: place, direction })
      first = place
      used = 0
    }
    used += needed
    if (token.breaks) {
      rows.push({ first, stop: place + 1, direction })
      first = place + 1
      used = 0
      direction = undefined
    }
  }
  if (first < tokens.length) rows.push({ first, stop: tokens.length, direction: direction ?? 'ltr' })
  return rows
}

const LOOK = 24

function paragraphDirection(tokens: readonly ShownToken[], first: number): Row['direction'] {
  return directionOf(
    tokens
      .slice(first, first + LOOK)
      .map((token) => token.label)
      .join(''),
  )
}

/** The row that holds a token. */
export function rowOf(rows: readonly Row[], token: number): number {
  let low = 0
  let high = rows.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.stop <= token) low = middle + 1
    else high = middle
  }
  return low
}

export interface Sharing {
  /** Whether it shares a grapheme with the token before it, or after it. */
  before: boolean
  after: boolean
  grapheme: string
}

/** Which tokens have parts of one grapheme, by their place. */
export function sharings(trace: Trace): Map<number, Sharing> {
  const found = new Map<number, Sharing>()
  for (const { grapheme, tokens } of trace.shared) {
    for (const [order, place] of tokens.entries()) {
      const known = found.get(place)
      found.set(place, {
        before: (known?.before ?? false) || order > 0,
        after: (known?.after ?? false) || order < tokens.length - 1,
        grapheme: known ? `${known.grapheme} ${grapheme}` : grapheme,
      })
    }
  }
  return found
}

/** The pre-token that a token is in. */
export function preTokenOf(trace: Trace, token: number): number {
  return trace.pre_tokens.findIndex((part) => part.tokens[0] <= token && token < part.tokens[1])
}
