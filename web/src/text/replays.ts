/** The states that a replay goes through, one for each step. */

import type { Match, Merge } from '../api/types'
import { bytesOfPiece } from './bytes'
import { renderedBytes, visible } from './visible'

export interface MergeState {
  symbols: { text: string; place: number; merged: boolean }[]
  /** The merge that comes next; undefined at the end. */
  next: Merge | undefined
}

/** What the symbols are after `step` merges. A symbol is named by the place of its first one. */
export function mergeState(start: readonly string[], merges: readonly Merge[], step: number): MergeState {
  const symbols = start.map((text, place) => ({ text, place, merged: false }))
  for (const [number, merge] of merges.slice(0, step).entries()) {
    const left = symbols.findIndex((symbol) => symbol.place === merge.place)
    const right = symbols[left + 1]
    if (left < 0 || !right) continue
    const joined = symbols[left]!.text + (right.text.startsWith('##') ? right.text.slice(2) : right.text)
    symbols.splice(left, 2, { text: joined, place: merge.place, merged: number === step - 1 })
  }
  return { symbols, next: merges[step] }
}

export interface MatchState {
  /** Which match, and which of its tries. */
  match: number
  attempt: number
}

/** Every look-up of a WordPiece search, in order. */
export function matchStates(matches: readonly Match[]): MatchState[] {
  return matches.flatMap(({ tried }, match) => tried.map((_, attempt) => ({ match, attempt })))
}

/** A piece in the midst of a replay: byte-level ones as the bytes they stand for, with nothing invisible. */
export function spelled(piece: string, kind: string): string {
  const bytes = kind === 'byte-bpe' ? bytesOfPiece(piece) : null
  return bytes ? renderedBytes(bytes, true) : visible(piece)
}
