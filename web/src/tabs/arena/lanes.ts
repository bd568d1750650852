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
