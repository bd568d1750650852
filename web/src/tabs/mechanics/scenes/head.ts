/** One token in one head: rows are the tokens looked at; query, keys, scores, weights and values go right. */

import type { Walk } from '../../../api/walk'
import { Drawing, labelRoom, type Scene, type Telling } from '../scene'
import { namesOf, rowAt, sideOf } from '../values'
import { newest } from './attention'

const WIDE = 120
const STRIP = 15
const GAP = 28

export function headScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const seen = (name: string, action?: string) => newest(walk, now, name, action)
  const focus = walk.frames[0]!.focus
  const rows = sideOf(walk, focus.side ?? 'source')?.tokens ?? []
  const looked = columnsOf(walk)
  const step = Math.max(20, Math.min(30, 380 / Math.max(1, looked.length)))
  const grid = { x: labelRoom(looked) + 10, y: 128, height: looked.length * step }
  drawing.label(grid.x - 10, 28, drawing.word('looking'), { anchor: 'end', face: 'small', tone: 'soft' })
  drawing.tokensAcross(rows, grid.x, 28, (place) => (place === focus.token ? 'accent' : 'faint'))
  drawing.tokensDown(looked, grid.x - 10, grid.y, step, focus.role === 'cross' ? -1 : focus.token)

  let x = grid.x
  const box = (width: number) => ({ x, y: grid.y, width, height: grid.height })
  const normalised = seen('normalised', 'normalise')
  const entering = seen('inputs', 'keys').numbers ? seen('inputs', 'keys') : normalised
  drawing.cells(entering.numbers, box(WIDE + 30), 'X', 'inputs', entering)
  const input = seen('input', 'query')
  drawing.cells(input.numbers, { x, y: 76, width: WIDE + 30, height: STRIP }, 'x', 'token', input)
  x += WIDE + 30 + GAP + 12
  const turned = seen('turned_query')
  const query = turned.numbers ? turned : seen('query', 'query')
  drawing.cells(query.numbers, { x, y: 76, width: WIDE, height: STRIP }, 'q', 'query', query)
  if (query.numbers) drawing.arrow([x - 34, 83], [x - 6, 83], { fresh: query.fresh })
  const turnedKeys = seen('turned_keys')
  const keys = turnedKeys.numbers ? turnedKeys : seen('keys', 'keys')
  drawing.cells(keys.numbers, box(WIDE), 'K', 'keys', keys)
  if (keys.numbers)
    drawing.arrow([x - 34, grid.y + grid.height / 2], [x - 6, grid.y + grid.height / 2], { fresh: keys.fresh })
  x += WIDE + GAP
  const hidden = maskOf(walk)
  const column = (name: string, action: string, title: string, word: string, wide: number, signed = true) => {
    const found = seen(name, action)
    const later = hidden && (action === 'mask' || action === 'softmax') ? (row: number) => !hidden[row] : undefined
    drawing.column(found.numbers, box(wide), title, word, { ...found, signed, hidden: later })
    x += wide + GAP
  }
  column('products', 'score', 'q kⱼᵀ', '', 66)
  column('scores', 'divide', '÷ √d_k', '', 66)
  if (hidden) column('scores', 'mask', '', 'masked', 66)
  column('weights', 'softmax', 'αⱼ', 'weights', 66, false)
  const values = seen('values', 'values')
  drawing.cells(values.numbers, box(WIDE), 'V', 'values', values)
  x += WIDE + GAP
  const weighted = seen('weighted', 'weigh')
  drawing.cells(weighted.numbers, box(WIDE), 'αⱼ vⱼ', 'weighted', weighted)

  const below = grid.y + grid.height + 44
  const context = seen('context', 'sum')
  drawing.cells(context.numbers, { x, y: below, width: WIDE, height: STRIP }, 'headᵢ', 'context', context)
  if (context.numbers) {
    drawing.arrow([x + WIDE / 2, grid.y + grid.height + 4], [x + WIDE / 2, below - 20], { fresh: context.fresh })
  }
  mixed(drawing, walk, now, { x: grid.x, right: x + WIDE, y: below + 52 })
  return drawing.scene(960)
}

/** All heads side by side, the shown one framed; below, what the last matrix makes of them. */
function mixed(drawing: Drawing, walk: Walk, now: number, place: { x: number; right: number; y: number }): void {
  const heads = newest(walk, now, 'heads', 'concatenate')
  if (!heads.numbers) return
  const count = heads.numbers.shape[0]!
  const wide = (place.right - place.x - (count - 1) * 6) / count
  for (let head = 0; head < count; head++) {
    const x = place.x + head * (wide + 6)
    drawing.cells(rowAt(heads.numbers, head), { x, y: place.y, width: wide, height: STRIP }, `head_${head + 1}`, '', {
      fresh: heads.fresh && head === walk.frames[now]!.focus.head,
    })
  }
  const output = newest(walk, now, 'output', 'output')
  const y = place.y + STRIP + 44
  drawing.cells(
    output.numbers,
    { x: place.x, y, width: place.right - place.x, height: STRIP },
    '[head₁; …; head_H] W_Oᵀ + b_O',
    'output',
    output,
  )
  if (output.numbers) {
    const middle = (place.x + place.right) / 2
    drawing.arrow([middle, place.y + STRIP + 4], [middle, y - 20], { fresh: output.fresh })
  }
}

function columnsOf(walk: Walk): readonly string[] {
  const keys = newest(walk, walk.frames.length - 1, 'keys', 'keys').numbers
  return keys ? namesOf(walk, keys.axes[0], keys.shape[0]!) : []
}

function maskOf(walk: Walk): readonly number[] | undefined {
  return newest(walk, walk.frames.length - 1, 'mask', 'mask').numbers?.data
}
