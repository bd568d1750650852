/** The Transformer writes token by token: rows of its attention over itself and over the source grow step by step. */

import type { Walk } from '../../../api/walk'
import { Drawing, labelRoom, short, type Scene, type Telling } from '../scene'
import { meanOf, numbersOf, rowAt, type Numbers } from '../values'

export function decodingScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const frame = walk.frames[now]!
  const step = frame.focus.token ?? 0
  const inputs = walk.inputs?.tokens ?? []
  const target = walk.target?.tokens ?? []
  const shown = inputs.slice(0, step + 1)
  const left = labelRoom(inputs) + 10
  const heading = Math.max(labelRoom(inputs, 12), labelRoom(walk.source?.tokens ?? [], 12)) * 0.72
  const top = 60 + heading
  const cell = Math.max(16, Math.min(30, 420 / Math.max(1, inputs.length)))

  drawing.tokensDown(shown, left - 10, top, cell, step)
  grown(drawing, walk, now, 'decoder', { x: left, y: top, cell, columns: inputs, step, heading })
  let x = left + Math.max(200, inputs.length * cell) + 50
  if ('weights.cross' in walk.arrays) {
    const source = walk.source?.tokens ?? []
    grown(drawing, walk, now, 'cross', { x, y: top, cell, columns: source, step, heading })
    x += source.length * cell + 60
  }
  const told = Object.keys(frame.choices)[0]
  const predicted = walk.frames
    .slice(0, now + 1)
    .findLast(({ name, focus }) => name === 'predict' && focus.token === step)
  const way = told ?? Object.keys(predicted?.choices ?? {})[0] ?? 'free'
  if (frame.name === 'predict' || frame.name === 'choose') {
    drawing.bars(
      x,
      top - 20,
      300,
      drawing.word('next'),
      predicted?.choices[way],
      frame.name === 'predict',
      frame.name === 'choose' ? walk.target?.ids[step] : undefined,
    )
  }
  const known = frame.name === 'choose' ? step + 1 : step
  const below = top + inputs.length * cell + 40
  drawing.label(left - 10, below, drawing.word('written'), { anchor: 'end', face: 'small', tone: 'soft' })
  drawing.tokensAcross(target.slice(0, known), left, below, (place) => (place === step ? 'accent' : 'plain'))
  return drawing.scene(960)
}

interface Place {
  x: number
  y: number
  cell: number
  columns: readonly string[]
  step: number
  /** Room for the columns' labels. */
  heading: number
}

/** The rows of one attention up to this step; the row of this step only once it has been looked. */
function grown(drawing: Drawing, walk: Walk, now: number, role: 'decoder' | 'cross', place: Place): void {
  const all = numbersOf(walk, { type: 'part', array: `weights.${role}` })
  const frame = walk.frames[now]!
  const looked = walk.frames
    .slice(0, now + 1)
    .some(({ name, focus }) => name === 'attend' && focus.role === role && focus.token === place.step)
  const count = place.step + (looked ? 1 : 0)
  const { layer, head } = drawing.telling
  const rows = Array.from({ length: count }, (_, row) => oneOf(rowAt(all, row), layer, head))
  const matrix: Numbers = {
    shape: [count, place.columns.length],
    axes: ['inputs', all.axes.at(-1)!],
    data: rows.flatMap((row) => row.data),
    largest: 1,
  }
  const names = drawing.telling
  drawing.label(place.x, place.y - place.heading - 22, drawing.word(role), { face: 'title' })
  drawing.label(
    place.x,
    place.y - place.heading - 4,
    `${names.layerName(Math.min(layer, all.shape[1]! - 1))}, ${head === undefined ? drawing.word('meanHead') : names.headName(head)}`,
    { face: 'small', tone: 'soft' },
  )
  for (const [column, text] of place.columns.entries()) {
    drawing.label(place.x + (column + 0.5) * place.cell + 3, place.y - 8, short(text, 12), { face: 'token', turn: -48 })
  }
  if (count === 0) return
  drawing.cells(
    matrix,
    { x: place.x, y: place.y, width: place.columns.length * place.cell, height: count * place.cell },
    '',
    '',
    {
      signed: false,
      printed: place.cell >= 28,
      row: frame.name === 'attend' && frame.focus.role === role ? place.step : -1,
      ...(role === 'decoder' ? { hidden: (row: number, column: number) => column > row } : {}),
    },
  )
}

/** One layer's and head's weights of a step, or the mean over its heads. */
function oneOf(step: Numbers, layer: number, head: number | undefined): Numbers {
  const heads = rowAt(step, Math.min(layer, step.shape[0]! - 1))
  return head === undefined ? meanOf(heads) : rowAt(heads, Math.min(head, heads.shape[0]! - 1))
}
