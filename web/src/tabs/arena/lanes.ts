/** Geometry of the lanes: bytes are places, and of a long text only what is in sight is drawn. */

import type { Trace, TracedToken } from '../../api/types'

/** Pixels a byte: at least so many, and more where a short text leaves room. */
const LEAST = 15
const MOST = 38

export function byteWidth(bytes: number, room: number): number {
  return Math.max(LEAST, Math.min(MOST, Math.floor(room / Math.max(1, bytes))))
}

export const LANE = 58
export const RULER = 34

export interface Placed {
  token: TracedToken
  place: number
  x: number
  width: number
}

/** The tokens of a lane that lie between two bytes. Tokens are in the order of their spans. */
export function placed(trace: Trace, from: number, to: number, byte: number): Placed[] {
  const found: Placed[] = []
  for (let place = firstEndingAfter(trace.tokens, from); place < trace.tokens.length; place++) {
    const token = trace.tokens[place]!
    if (token.span[0] > to) break
    found.push({ token, place, x: token.span[0] * byte, width: Math.max(3, (token.span[1] - token.span[0]) * byte) })
  }
  return found
}

export interface Held {
  /** The last byte at which a token that is drawn begins. */
  to: number
  /** Where what is drawn ends. */
  end: number
  /** Tokens of all lanes that are not drawn. */
  more: number
}

/** How much of a text of so many bytes a picture holds: all lanes up to the same byte, at most so many tokens. */
export function held(traces: readonly Trace[], size: number, most: number): Held {
  const spans = traces.flatMap(({ tokens }) => tokens.map(({ span }) => span))
  const stop = spans.map(([first]) => first).sort((a, b) => a - b)[most]
  if (stop === undefined) return { to: size, end: size, more: 0 }
  const drawn = spans.filter(([first]) => first < stop)
  const end = drawn.reduce((last, span) => Math.max(last, span[1]), 0)
  return { to: stop - 1, end, more: spans.length - drawn.length }
}

function firstEndingAfter(tokens: readonly TracedToken[], byte: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (tokens[middle]!.span[1] < byte) low = middle + 1
    else high = middle
  }
  return low
}

/** The part of a sorted list that lies between two numbers. */
export function between(places: readonly number[], from: number, to: number): number[] {
  return places.filter((place) => from <= place && place <= to)
}

/** As much of a label as fits a width, in a font whose letters are `letter` wide. */
export function fitted(label: string, width: number, letter = 8.4): string {
  const room = Math.floor((width - 6) / letter)
  const letters = Array.from(label)
  if (letters.length <= room) return label
  return room >= 2 ? letters.slice(0, room - 1).join('') + '…' : ''
}
