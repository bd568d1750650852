/** A walk through a model's mechanics: frames of one action each, with the model's own numbers. */

import type { Span } from './types'

export type WalkKind = 'reading' | 'generation' | 'attention' | 'encoding' | 'decoding' | 'head' | 'block' | 'positions'

export interface WalkArray {
  shape: number[]
  data: number[]
  axes: string[]
}

export interface WalkSide {
  text: string
  tokens: string[]
  spans: (Span | null)[]
}

export interface WalkFrame {
  name: string
  focus: Record<string, unknown>
  values: Record<string, unknown>
}

export interface Walk {
  format: 'atento.walk'
  version: number
  kind: WalkKind
  model: { name: string; family: string }
  source: WalkSide
  target: WalkSide | null
  equations: string[]
  arrays?: Record<string, WalkArray>
  frames: WalkFrame[]
}
