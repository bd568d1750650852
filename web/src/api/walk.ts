/** A walk through a model's mechanics (`atento.walk` 1): frames of one action each, with the model's own numbers. */

import type { AttentionRole, Span } from './types'

export const WALKS = [
  'reading',
  'generation',
  'attention',
  'encoding',
  'decoding',
  'head',
  'block',
  'positions',
] as const
export type WalkKind = (typeof WALKS)[number]

/** The walks that a model has, and what may be asked of each. */
export interface Walks {
  walks: WalkKind[]
  roles: Partial<Record<WalkKind, AttentionRole[]>>
  layers: Partial<Record<AttentionRole, number>>
  heads: Partial<Record<AttentionRole, number>>
  positions: string
}

export interface WalkArray {
  type?: 'array'
  shape: number[]
  data: number[]
  axes: string[]
}

/** What is left of an array of the walk when its first axes are taken at some places. */
export interface WalkPart {
  type: 'part'
  array: string
  at?: number[]
}

export interface WalkSide {
  text: string
  tokens: string[]
  ids: number[]
  spans: (Span | null)[]
}

export interface Focus {
  role?: AttentionRole
  layer?: number
  direction?: number
  head?: number
  side?: 'source' | 'target' | 'inputs'
  token?: number
  row?: number
}

export interface WalkChoice {
  id: number
  token: string
  probability: number
  rank: number
}

export interface WalkFrame {
  name: string
  focus: Focus
  equations: string[]
  values: Record<string, WalkArray | WalkPart>
  choices: Record<string, WalkChoice[]>
}

export interface Walk {
  format: 'atento.walk'
  version: number
  kind: WalkKind
  model: { name: string; family: string; settings: Record<string, string | number | boolean> }
  source: WalkSide | null
  target: WalkSide | null
  inputs: WalkSide | null
  reference?: WalkSide | null
  reference_inputs?: WalkSide | null
  equations: string[]
  arrays: Record<string, WalkArray>
  frames: WalkFrame[]
}
