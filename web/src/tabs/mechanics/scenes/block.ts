/** One layer, top down: a token's vector goes through the sub-layers, around each the residual connection. */

import type { Walk, WalkFrame } from '../../../api/walk'
import { Drawing, type Scene, type Telling } from '../scene'
import { rowAt, sideOf, valueOf, type Numbers } from '../values'

const WIDE = 380
const STRIP = 16
const STEP = 60
const LEFT = 90
/** What an action makes, in the order in which a picture needs it. */
const MADE: Record<string, [string, string]> = {
  normalise: ['normalised', 'normalised'],
  attend: ['outputs', 'attended'],
  widen: ['hidden', 'widened'],
  output: ['outputs', 'output'],
  add: ['sums', 'sum'],
}

export function blockScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const { side, token = 0 } = walk.frames[0]!.focus
  const tokens = sideOf(walk, side ?? 'source')?.tokens ?? []
  drawing.label(LEFT - 14, 24, drawing.word('looking'), { anchor: 'end', face: 'small', tone: 'soft' })
  drawing.tokensAcross(tokens, LEFT, 24, (place) => (place === token ? 'accent' : 'faint'))
  const one = (frame: WalkFrame, name: string) => at(valueOf(walk, frame, name), token)

  let y = 76
  drawing.cells(one(walk.frames[0]!, 'inputs'), { x: LEFT, y, width: WIDE, height: STRIP }, 'x', 'entering')
  let start = y
  for (const [place, frame] of walk.frames.slice(0, now + 1).entries()) {
    const [name, word] = MADE[frame.name] ?? ['', '']
    const numbers = one(frame, name)
    if (!numbers) continue
    const fresh = place === now
    const above = y
    y += STEP
    drawing.arrow([LEFT + WIDE / 2, above + STRIP + 3], [LEFT + WIDE / 2, y - 19], { fresh })
    const cross = frame.name === 'attend' && frame.focus.role === 'cross'
    drawing.cells(
      numbers,
      { x: LEFT, y, width: WIDE, height: STRIP },
      TITLES[frame.name] ?? '',
      cross ? 'crossed' : word,
      { fresh },
    )
    if (frame.name === 'add') {
      // The connection that goes around the sub-layer.
      drawing.arrow([LEFT - 6, start + STRIP / 2], [LEFT - 6, y + STRIP / 2], { bend: -46, fresh })
      drawing.label(LEFT - 62, (start + y + STRIP) / 2, '+', { face: 'title', anchor: 'middle' })
      start = y
    } else if (frame.name === 'normalise' && isAfterSum(walk, place)) start = y
  }
  const frame = walk.frames[now]!
  const [name, word] = MADE[frame.name] ?? ['', '']
  const whole = valueOf(walk, frame, name)
  const step = Math.max(12, Math.min(22, 340 / Math.max(1, tokens.length)))
  const x = LEFT + WIDE + 150
  drawing.cells(whole, { x, y: 76, width: 420, height: tokens.length * step }, TITLES[frame.name] ?? '', word, {
    fresh: true,
    row: token,
  })
  drawing.tokensDown(tokens, x - 8, 76, step, token)
  return drawing.scene(960)
}

const TITLES: Record<string, string> = {
  normalise: 'norm(x)',
  attend: 'softmax(QKᵀ / √d_k) V',
  widen: 'a(W₁ x + b₁)',
  output: 'W₂ hidden + b₂',
  add: 'x + sublayer',
}

function at(numbers: Numbers | undefined, token: number): Numbers | undefined {
  return numbers && numbers.shape.length > 1 ? rowAt(numbers, token) : numbers
}

function isAfterSum(walk: Walk, place: number): boolean {
  return walk.frames[place - 1]?.name === 'add'
}
