/** Colours of numbers, by theme: one hue for what has no sign, two for what has. Read in greys they keep their order. */

import { interpolateLab } from 'd3-interpolate'
import type { Theme } from '../state/preferences.svelte'

interface Ends {
  zero: string
  positive: string
  negative: string
}

const ENDS: Record<Theme, Ends> = {
  light: { zero: '#ffffff', positive: '#1c47a8', negative: '#b4511a' },
  dark: { zero: '#1c1f24', positive: '#a5c1ff', negative: '#f5a860' },
  contrast: { zero: '#000000', positive: '#ffffff', negative: '#ff9d3c' },
}

export type Colouring = (value: number) => string

/** From 0 to `largest`. */
export function sequential(theme: Theme, largest = 1): Colouring {
  const blend = interpolateLab(ENDS[theme].zero, ENDS[theme].positive)
  return (value) => blend(largest > 0 ? clamp(value / largest) : 0)
}

/** From -`largest` over 0 to `largest`. */
export function diverging(theme: Theme, largest: number): Colouring {
  const up = interpolateLab(ENDS[theme].zero, ENDS[theme].positive)
  const down = interpolateLab(ENDS[theme].zero, ENDS[theme].negative)
  return (value) => (value >= 0 ? up : down)(largest > 0 ? clamp(Math.abs(value) / largest) : 0)
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.max(0, Math.min(1, share)) : 1
}

/** Ink that is read on a colour of `rgb(…)`. */
export function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number)
  return luminance(red, green, blue) > 0.36 ? '#14161a' : '#ffffff'
}

/** Relative luminance as WCAG has it. */
function luminance(...channels: [number, number, number]): number {
  const [red, green, blue] = channels.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

export function largestOf(values: Iterable<number>): number {
  let found = 0
  for (const value of values) if (Number.isFinite(value)) found = Math.max(found, Math.abs(value))
  return found
}
