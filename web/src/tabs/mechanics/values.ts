/** Numbers of a walk: an array of its own, or a part of one that several frames share. */

import { largestOf } from '../../draw/colours'
import type { Walk, WalkArray, WalkFrame, WalkPart, WalkSide } from '../../api/walk'

export interface Numbers {
  shape: readonly number[]
  axes: readonly string[]
  data: readonly number[]
  /** The greatest absolute value of the whole array, so that its parts share one scale. */
  largest: number
}

const LARGEST = new WeakMap<WalkArray, number>()

function scaleOf(array: WalkArray): number {
  let found = LARGEST.get(array)
  if (found === undefined) LARGEST.set(array, (found = largestOf(array.data)))
  return found
}

export function numbersOf(walk: Walk, value: WalkArray | WalkPart): Numbers {
  if (!('array' in value)) return { ...value, largest: scaleOf(value) }
  const array = walk.arrays[value.array]!
  let size = array.data.length
  let start = 0
  for (const [axis, place] of (value.at ?? []).entries()) {
    size /= array.shape[axis]!
    start += place * size
  }
  const taken = value.at?.length ?? 0
  return {
    shape: array.shape.slice(taken),
    axes: array.axes.slice(taken),
    data: array.data.slice(start, start + size),
    largest: scaleOf(array),
  }
}

/** A frame's value; undefined where it has none of this name. */
export function valueOf(walk: Walk, frame: WalkFrame | undefined, name: string): Numbers | undefined {
  const value = frame?.values[name]
  return value && numbersOf(walk, value)
}

/** The part of a matrix, or of something with more axes, at one place of the first axis. */
export function rowAt(numbers: Numbers, place: number): Numbers {
  const size = numbers.data.length / numbers.shape[0]!
  return {
    ...numbers,
    shape: numbers.shape.slice(1),
    axes: numbers.axes.slice(1),
    data: numbers.data.slice(place * size, (place + 1) * size),
  }
}

/** The mean over the first axis. */
export function meanOf(numbers: Numbers): Numbers {
  const count = numbers.shape[0]!
  const size = numbers.data.length / count
  const data = Array.from({ length: size }, (_, cell) => {
    let sum = 0
    for (let place = 0; place < count; place++) sum += numbers.data[place * size + cell]!
    return sum / count
  })
  return { ...numbers, shape: numbers.shape.slice(1), axes: numbers.axes.slice(1), data }
}

/** Rows and columns of what is drawn or tabled: a vector is one row, a number one cell, more axes are flattened. */
export function tableShape(numbers: Numbers): [number, number] {
  if (numbers.shape.length === 0) return [1, 1]
  if (numbers.shape.length === 1) return [1, numbers.shape[0]!]
  const columns = numbers.shape.at(-1)!
  return [columns === 0 ? 0 : numbers.data.length / columns, columns]
}

/** The side of the walk that an axis counts. */
export function sideOf(walk: Walk, axis: string): WalkSide | null {
  if (axis === 'source') return walk.source
  if (axis === 'target') return walk.target
  if (axis === 'inputs') return walk.inputs
  return null
}

/** What the places of an axis are called: tokens where it counts these, else numbers. */
export function namesOf(walk: Walk, axis: string | undefined, count: number): string[] {
  const side = axis === undefined ? null : sideOf(walk, axis)
  if (side && side.tokens.length >= count) return side.tokens.slice(0, count)
  const first = axis === 'layers' || axis === 'heads' ? 1 : 0
  return Array.from({ length: count }, (_, place) => String(place + first))
}

/** The newest frame, up to one, that has a value of this name. */
export function lastWith(walk: Walk, until: number, name: string, action?: string): number {
  for (let place = until; place >= 0; place--) {
    const frame = walk.frames[place]!
    if (name in frame.values && (action === undefined || frame.name === action)) return place
  }
  return -1
}

/** What the rows of `tableShape` are called: by their places on all axes but the last, `2 · bela`. */
function rowNamesOf(walk: Walk, numbers: Numbers): string[] {
  let names = ['']
  for (const [axis, count] of numbers.shape.slice(0, -1).entries()) {
    const places = namesOf(walk, numbers.axes[axis], count)
    names = names.flatMap((name) => places.map((place) => (axis === 0 ? place : `${name} · ${place}`)))
  }
  return names
}

/** Every number of a frame, one a row, for files: its array, its places, and itself with all digits. */
export function rowsOfFrame(walk: Walk, frame: WalkFrame): string[][] {
  const numbers = Object.entries(frame.values).flatMap(([name, value]) => {
    const found = numbersOf(walk, value)
    const [, columns] = tableShape(found)
    const rowNames = rowNamesOf(walk, found)
    const columnNames = namesOf(walk, found.axes.at(-1), columns)
    return found.data.map((number, place) => [
      name,
      rowNames[Math.floor(place / columns)] ?? '',
      columnNames[place % columns] ?? '',
      String(number),
    ])
  })
  const choices = Object.entries(frame.choices).flatMap(([way, list]) =>
    list.map(({ token, rank, probability }) => [`choices ${way}`, String(rank), token, String(probability)]),
  )
  return [['value', 'row', 'column', 'number'], ...numbers, ...choices]
}
