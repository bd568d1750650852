/** Which matrix of an attention record is shown, with its labels. */

import type { Attention, AttentionRole, AlignmentScore, Link } from '../../api/types'
import type { Mark } from '../../draw/HeatMap.svelte'
import { combined } from '../../text/alignment'

export interface Shown {
  rows: readonly string[]
  columns: readonly string[]
  matrix: number[][]
  /** How many columns each row may look at, where not all. */
  reach?: readonly number[]
}

/** A layer's or head's number, or how several are made one. */
export type Pick = number | 'mean' | 'max'

export const ROLES: readonly AttentionRole[] = ['cross', 'encoder', 'decoder']

export function rolesOf(attention: Attention): AttentionRole[] {
  return ROLES.filter((role) => attention.weights[role] !== undefined)
}

export function shownMatrix(attention: Attention, role: AttentionRole, layer: Pick, head: Pick): Shown {
  const layers = attention.weights[role] ?? []
  const chosen = (typeof layer === 'number' ? layers.slice(layer, layer + 1) : layers).map((heads) =>
    typeof head === 'number' ? (heads[head] ?? []) : combined(heads, head),
  )
  return { ...labels(attention, role), matrix: combined(chosen, layer === 'max' ? 'max' : 'mean') }
}

export function labels(attention: Attention, role: AttentionRole): Omit<Shown, 'matrix'> {
  const source = attention.source.tokens
  const target = attention.target.tokens
  switch (role) {
    case 'cross':
      return { rows: target, columns: source }
    case 'encoder':
      return { rows: source, columns: source }
    case 'decoder':
      return {
        rows: target,
        columns: attention.read?.tokens ?? ['<s>', ...target.slice(0, -1)],
        reach: attention.read?.reach ?? target.map((_, row) => row + 1),
      }
  }
}

/** The layer that aligns words best: of a decoder over the source the last but one (Garg et al. 2019). */
export function usualLayer(attention: Attention, role: AttentionRole): number {
  const count = attention.weights[role]?.length ?? 1
  return role === 'cross' ? Math.max(0, count - 2) : count - 1
}

/** Links as marks on a matrix of words: a link is source-target, a cell target-source. */
export function marksOf(score: AlignmentScore): Mark[] {
  return [
    ...marks(score.sure_links, 'sure'),
    ...marks(score.possible_links, 'possible'),
    ...marks(score.predicted_links, 'predicted'),
  ]
}

function marks(links: readonly Link[], kind: Mark['kind']): Mark[] {
  return links.map(([source, target]) => ({ row: target, column: source, kind }))
}
