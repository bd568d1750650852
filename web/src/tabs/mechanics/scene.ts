/** What a frame's picture is made of: blocks of cells, labels, bars and arrows at their places, and nothing about how
 * they are drawn. A scene is made anew for every frame; what the frame is about is `fresh`. */

import type { Walk, WalkChoice, WalkFrame } from '../../api/walk'
import { namesOf, tableShape, type Numbers } from './values'

export interface Cells {
  kind: 'cells'
  x: number
  y: number
  width: number
  height: number
  rows: number
  columns: number
  data: readonly number[]
  largest: number
  /** Whether negative numbers have a colour of their own. */
  signed: boolean
  /** A formula, set in type. */
  title: string
  /** What it is in words. */
  word: string
  rowNames: readonly string[]
  columnNames: readonly string[]
  /** Whether the numbers are written in the cells. */
  printed: boolean
  /** A row that is meant. */
  row: number
  /** Cells that the model may not see. */
  hidden: ((row: number, column: number) => boolean) | undefined
  fresh: boolean
}

export interface Label {
  kind: 'label'
  x: number
  y: number
  text: string
  anchor: 'start' | 'middle' | 'end'
  face: 'text' | 'token' | 'formula' | 'title' | 'small'
  tone: 'plain' | 'soft' | 'faint' | 'accent'
  turn: number
}

export interface Bars {
  kind: 'bars'
  x: number
  y: number
  width: number
  title: string
  choices: readonly WalkChoice[]
  chosen: number | undefined
  fresh: boolean
}

export interface Arrow {
  kind: 'arrow'
  from: [number, number]
  to: [number, number]
  /** Sideways bend, in pixels. */
  bend: number
  fresh: boolean
  weight: number
}

export interface Frame {
  kind: 'frame'
  x: number
  y: number
  width: number
  height: number
  dashed: boolean
}

export type Item = Cells | Label | Bars | Arrow | Frame

export interface Scene {
  width: number
  height: number
  items: Item[]
}

/** What a scene needs besides its walk. */
export interface Telling {
  /** Names of values, and other words in pictures. */
  parts: Record<string, string>
  layerName: (layer: number) => string
  headName: (head: number) => string
  /** For walks that show every layer and head: which; undefined is the mean. */
  layer: number
  head: number | undefined
}

type Placing = Partial<Pick<Cells, 'printed' | 'row' | 'hidden' | 'fresh' | 'signed' | 'rowNames' | 'columnNames'>>

/** Puts items down; knows the walk, so that rows and columns have their names. */
export class Drawing {
  readonly items: Item[] = []
  readonly #walk: Walk
  readonly telling: Telling

  constructor(walk: Walk, telling: Telling) {
    this.#walk = walk
    this.telling = telling
  }

  word(name: string): string {
    return this.telling.parts[name] ?? ''
  }

  /** A matrix, or a vector as one row; `name` says what it is. */
  cells(
    numbers: Numbers | undefined,
    box: { x: number; y: number; width: number; height: number },
    title: string,
    name: string,
    placing: Placing = {},
  ): void {
    if (!numbers) return
    const [rows, columns] = tableShape(numbers)
    const axes = numbers.axes
    this.items.push({
      kind: 'cells',
      ...box,
      rows,
      columns,
      data: numbers.data,
      largest: numbers.largest,
      signed: true,
      title,
      word: this.word(name),
      rowNames: axes.length > 1 ? namesOf(this.#walk, axes.at(-2), rows) : [''],
      columnNames: namesOf(this.#walk, axes.at(-1), columns),
      printed: false,
      row: -1,
      hidden: undefined,
      fresh: false,
      ...placing,
    })
  }

  /** A vector over tokens as a column of numbers. */
  column(
    numbers: Numbers | undefined,
    box: { x: number; y: number; width: number; height: number },
    title: string,
    name: string,
    placing: Placing = {},
  ): void {
    if (!numbers) return
    const count = numbers.data.length
    const turned = { ...numbers, shape: [count, 1], axes: [numbers.axes[0] ?? '', ''] }
    this.cells(turned, box, title, name, { printed: true, columnNames: [''], ...placing })
  }

  label(x: number, y: number, text: string, more: Partial<Omit<Label, 'kind' | 'x' | 'y' | 'text'>> = {}): void {
    this.items.push({ kind: 'label', x, y, text, anchor: 'start', face: 'text', tone: 'plain', turn: 0, ...more })
  }

  arrow(
    from: [number, number],
    to: [number, number],
    more: Partial<Pick<Arrow, 'bend' | 'fresh' | 'weight'>> = {},
  ): void {
    this.items.push({ kind: 'arrow', from, to, bend: 0, fresh: false, weight: 1, ...more })
  }

  bars(
    x: number,
    y: number,
    width: number,
    title: string,
    choices: readonly WalkChoice[] | undefined,
    fresh: boolean,
    chosen?: number,
  ): void {
    if (choices) this.items.push({ kind: 'bars', x, y, width, title, choices, chosen, fresh })
  }

  frame(x: number, y: number, width: number, height: number, dashed = false): void {
    this.items.push({ kind: 'frame', x, y, width, height, dashed })
  }

  /** Tokens down the side of matrices, the meant one in the accent's colour. */
  tokensDown(names: readonly string[], x: number, y: number, step: number, meant = -1): void {
    for (const [place, text] of names.entries()) {
      this.label(x, y + (place + 0.5) * step, short(text, 14), {
        anchor: 'end',
        face: 'token',
        tone: place === meant ? 'accent' : 'plain',
      })
    }
  }

  /** A sentence as a line of tokens; gives where each one's middle is. */
  tokensAcross(
    names: readonly string[],
    x: number,
    y: number,
    tone: (place: number) => Label['tone'],
    least = 0,
  ): number[] {
    let at = x
    return names.map((text, place) => {
      const wide = Math.max(least, textWidth(text) + 14)
      this.label(at + wide / 2, y, text, { anchor: 'middle', face: 'token', tone: tone(place) })
      at += wide
      return at - wide / 2
    })
  }

  scene(least = 900): Scene {
    return { ...extent(this.items, least), items: this.items }
  }
}

const LETTER = 8.2

export function textWidth(text: string): number {
  return Array.from(text).length * LETTER
}

export function short(text: string, letters: number): string {
  const all = Array.from(text)
  return all.length > letters ? all.slice(0, letters - 1).join('') + '…' : text
}

/** Room for the longest of some labels. */
export function labelRoom(names: readonly string[], most = 14): number {
  return Math.max(40, ...names.map((name) => textWidth(short(name, most)))) + 12
}

/** The bars of next tokens: a line each. */
export const BAR_LINE = 24

function extent(items: readonly Item[], least: number): { width: number; height: number } {
  let width = least
  let height = 0
  for (const item of items) {
    const [right, bottom] = corner(item)
    width = Math.max(width, right)
    height = Math.max(height, bottom)
  }
  return { width: Math.ceil(width + 16), height: Math.ceil(height + 16) }
}

function corner(item: Item): [number, number] {
  switch (item.kind) {
    case 'cells':
    case 'frame':
      return [item.x + item.width, item.y + item.height]
    case 'label':
      return [item.anchor === 'start' ? item.x + textWidth(item.text) : item.x, item.y + 6]
    case 'bars':
      return [item.x + item.width, item.y + 22 + item.choices.length * BAR_LINE]
    case 'arrow':
      return [Math.max(item.from[0], item.to[0]), Math.max(item.from[1], item.to[1])]
  }
}

/** The token that a frame is about, as the reader sees it. */
export function tokenOf(walk: Walk, frame: WalkFrame): string {
  const { side, token } = frame.focus
  if (token === undefined) return ''
  const found = side === 'source' ? walk.source : side === 'inputs' ? walk.inputs : (walk.target ?? walk.inputs)
  return found?.tokens[token] ?? String(token)
}
