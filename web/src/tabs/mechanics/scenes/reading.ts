/** A recurrent encoder word by word: states stand under their words, the step that is taken in full beside them. */

import type { Walk } from '../../../api/walk'
import { Drawing, textWidth, type Scene, type Telling } from '../scene'
import { numbersOf, rowAt, valueOf } from '../values'
import { gatesOf } from './attention'

const TALL = 84
const STATE = 26
const STRIP = 15
const WIDE = 300

export function readingScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const frame = walk.frames[now]!
  const tokens = walk.source?.tokens ?? []
  const left = 104
  const meant = frame.focus.token ?? -1
  const middles = drawing.tokensAcross(tokens, left, 30, (place) => (place === meant ? 'accent' : 'plain'), 54)
  const right = (middles.at(-1) ?? left) + textWidth(tokens.at(-1) ?? '') / 2 + 20

  const shown = walk.frames[now]!.focus.layer ?? lastLayer(walk, now)
  let y = 66
  for (const direction of directionsOf(walk, shown)) {
    states(drawing, walk, now, { layer: shown, direction, y, left, middles })
    y += TALL + 46
  }
  drawing.label(left - 12, 30, drawing.word('source'), { anchor: 'end', face: 'small', tone: 'soft' })
  drawing.label(left - 12, 48, telling.layerName(shown), { anchor: 'end', face: 'small', tone: 'accent' })

  if (frame.name === 'read') step(drawing, walk, now, left, y + 6)
  else if (frame.name === 'embed') {
    drawing.cells(
      valueOf(walk, frame, 'embeddings'),
      { x: left, y, width: Math.max(WIDE, right - left), height: tokens.length * 12 },
      'xₜ',
      'word',
      { fresh: true },
    )
  } else if (frame.name === 'concatenate') {
    drawing.cells(
      valueOf(walk, frame, 'annotations'),
      { x: left, y, width: Math.max(WIDE, right - left), height: tokens.length * 14 },
      'hⱼ = [→hⱼ; ←hⱼ]',
      'annotations',
      { fresh: true },
    )
  } else handed(drawing, walk, now, left, y)
  return drawing.scene(900)
}

function lastLayer(walk: Walk, now: number): number {
  for (let place = now; place >= 0; place--) {
    const { role, layer } = walk.frames[place]!.focus
    if (role === 'encoder' && layer !== undefined) return layer
  }
  return 0
}

function directionsOf(walk: Walk, layer: number): number[] {
  return [0, 1].filter((direction) => `hidden.${layer}.${direction}` in walk.arrays)
}

/** The states of one direction, those that have been computed, with arrows in the order of reading. */
function states(
  drawing: Drawing,
  walk: Walk,
  now: number,
  row: { layer: number; direction: number; y: number; left: number; middles: readonly number[] },
): void {
  const name = `hidden.${row.layer}.${row.direction}`
  const all = numbersOf(walk, { type: 'part', array: name })
  const read = walk.frames
    .slice(0, now + 1)
    .filter(
      ({ name: action, focus }) => action === 'read' && focus.layer === row.layer && focus.direction === row.direction,
    )
    .map(({ focus }) => focus.token!)
  const current = walk.frames[now]!
  const fresh = current.name === 'read' && current.focus.direction === row.direction ? current.focus.token : undefined
  const sign = row.direction === 0 ? '→h' : '←h'
  drawing.label(row.left - 12, row.y + TALL / 2, sign, { anchor: 'end', face: 'formula' })
  drawing.label(row.left - 12, row.y + TALL / 2 + 18, drawing.word(row.direction === 0 ? 'forwards' : 'backwards'), {
    anchor: 'end',
    face: 'small',
    tone: 'soft',
  })
  for (const [order, token] of read.entries()) {
    const vector = rowAt(all, token)
    const columns = { ...vector, shape: [vector.data.length, 1], axes: ['units', ''] }
    const x = row.middles[token]! - STATE / 2
    drawing.cells(columns, { x, y: row.y, width: STATE, height: TALL }, '', '', {
      fresh: token === fresh,
      columnNames: [walk.source?.tokens[token] ?? ''],
    })
    const before = read[order - 1]
    if (before === undefined) continue
    const from = row.middles[before]!
    const to = row.middles[token]!
    const half = (STATE / 2 + 3) * Math.sign(to - from)
    drawing.arrow([from + half, row.y + TALL / 2], [to - half, row.y + TALL / 2], { fresh: token === fresh })
  }
}

/** One step in full: what is read, the gates, and what comes out. */
function step(drawing: Drawing, walk: Walk, now: number, left: number, top: number): void {
  const frame = walk.frames[now]!
  const columns: [string, string][][] = [
    [
      ['xₜ', 'input'],
      ['h₍t₋₁₎', 'previous'],
      ['c₍t₋₁₎', 'previous_cell'],
    ],
    gatesOf(walk).map(([gate, letter]) => [letter, gate]),
    [
      ['cₜ', 'cell'],
      ['hₜ', 'hidden'],
    ],
  ]
  const used = columns
    .map((column) => column.filter(([, name]) => valueOf(walk, frame, name)))
    .filter((column) => column.length > 0)
  const wide = 250
  for (const [number, column] of used.entries()) {
    const x = left + number * (wide + 46)
    for (const [place, [title, name]] of column.entries()) {
      const y = top + 20 + place * (STRIP + 26)
      drawing.cells(valueOf(walk, frame, name), { x, y, width: wide, height: STRIP }, title, name, {
        fresh: name === 'hidden',
      })
    }
    if (number > 0) drawing.arrow([x - 38, top + 46], [x - 10, top + 46], { fresh: true })
  }
}

/** The source as one vector, and over the bridge into the decoder. */
function handed(drawing: Drawing, walk: Walk, now: number, left: number, top: number): void {
  let y = top + 10
  for (const [place, frame] of walk.frames.slice(0, now + 1).entries()) {
    const fresh = place === now
    if (frame.name === 'summarise') {
      drawing.cells(valueOf(walk, frame, 'context'), { x: left, y, width: 420, height: STRIP }, 'c', 'context', {
        fresh,
      })
      y += 56
    }
    if (frame.name !== 'hand_over') continue
    const lines: [string, string, string][] = [
      ['read', '[→hₙ; ←h₁]', 'hidden'],
      ['read_cell', '[→cₙ; ←c₁]', 'cell'],
    ]
    for (const [from, title, to] of lines) {
      const read = valueOf(walk, frame, from)
      if (!read) continue
      drawing.cells(read, { x: left, y, width: 320, height: STRIP }, read.data.length > 0 ? title : '', 'handed', {
        fresh,
      })
      drawing.arrow([left + 328, y + 7], [left + 372, y + 7], { fresh })
      drawing.cells(
        valueOf(walk, frame, to),
        { x: left + 380, y, width: 280, height: STRIP },
        to === 'hidden' ? 'h₀ᵈ' : 'c₀ᵈ',
        'first',
        { fresh },
      )
      y += 52
    }
  }
}
