/** All tokens at once: vectors, the N × N weights of every head, the next vectors. */

import type { Walk } from '../../../api/walk'
import { Drawing, labelRoom, type Scene, type Telling } from '../scene'
import { lastWith, rowAt, valueOf } from '../values'

const WIDE = 190

export function encodingScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const side = walk.source ?? walk.inputs
  const tokens = side?.tokens ?? []
  const frame = walk.frames[now]!
  const step = Math.max(16, Math.min(26, 380 / Math.max(1, tokens.length)))
  const left = labelRoom(tokens) + 10
  const top = 70
  const tall = tokens.length * step
  drawing.tokensDown(tokens, left - 10, top, step)

  const attending = frame.name === 'attend' ? now : lastWith(walk, now, 'weights', 'attend')
  const before = lastWith(walk, (attending >= 0 ? attending : now) - (attending >= 0 ? 1 : 0), 'vectors')
  const first = attending < 0
  drawing.cells(
    valueOf(walk, walk.frames[before], 'vectors'),
    { x: left, y: top, width: WIDE, height: tall },
    'X',
    first ? 'embedded' : 'entering',
    {
      fresh: first && before === now,
    },
  )
  let x = left + WIDE + 40
  const weights = valueOf(walk, walk.frames[attending], 'weights')
  if (weights) {
    const count = weights.shape[0]!
    const across = Math.min(count, count > 4 ? Math.ceil(count / 2) : count)
    const size = Math.max(90, Math.min(230, (1250 - x - WIDE) / across - 14))
    const mask = valueOf(walk, walk.frames[attending], 'mask')
    for (let head = 0; head < count; head++) {
      const place = { x: x + (head % across) * (size + 14), y: top + Math.floor(head / across) * (size + 40) }
      drawing.cells(rowAt(weights, head), { ...place, width: size, height: size }, '', '', {
        signed: false,
        fresh: attending === now,
        ...(mask ? { hidden: (row: number, column: number) => mask.data[row * tokens.length + column] === 0 } : {}),
      })
      drawing.label(place.x, place.y - 9, telling.headName(head), { face: 'small', tone: 'soft' })
    }
    drawing.arrow([left + WIDE + 6, top + tall / 2], [x - 6, top + tall / 2], { fresh: attending === now })
    x += across * (size + 14) + 26
  }
  const after = lastWith(walk, now, 'vectors')
  if (attending >= 0 && after > attending) {
    drawing.cells(
      valueOf(walk, walk.frames[after], 'vectors'),
      { x, y: top, width: WIDE, height: tall },
      'X′',
      walk.frames[after]!.name === 'normalise' ? 'normalised' : 'leaving',
      {
        fresh: after === now,
      },
    )
    drawing.arrow([x - 32, top + tall / 2], [x - 6, top + tall / 2], { fresh: after === now })
  }
  return drawing.scene(960)
}
