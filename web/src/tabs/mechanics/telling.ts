/** What a frame is called, and said to do, in the reader's language. */

import type { Walk, WalkFrame } from '../../api/walk'
import { words } from '../../words'
import { phrase } from '../../words/library'
import equations from './equations.json'
import { tokenOf, type Telling } from './scene'

const FORMULAS: Record<string, string> = equations

export function telling(layer: number, head: number | undefined): Telling {
  const w = words()
  return {
    parts: w.mechanics.parts,
    layerName: (number) => `${w.models.layer} ${number + 1}`,
    headName: (number) => `${w.models.head} ${number + 1}`,
    layer,
    head,
  }
}

export function titleOf(frame: WalkFrame): string {
  const { actions } = words().mechanics
  const found = (actions as Record<string, string>)[frame.name] ?? frame.name
  const w = words().models
  const { layer, head } = frame.focus
  return [
    found,
    layer === undefined ? '' : `${w.layer} ${layer + 1}`,
    head === undefined ? '' : `${w.head} ${head + 1}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

export function sentenceOf(walk: Walk, frame: WalkFrame): string {
  const { sentences } = words().mechanics
  const all = sentences as Record<string, (token: string) => string>
  const cross = frame.focus.role === 'cross' ? '.cross' : ''
  const found = all[`${walk.kind}.${frame.name}${cross}`] ?? all[`${walk.kind}.${frame.name}`] ?? all[frame.name]
  return found?.(tokenOf(walk, frame)) ?? ''
}

export function formulasOf(frame: WalkFrame): string[] {
  return frame.equations.map((name) => phrase(FORMULAS[name] ?? name, 'formulas'))
}
