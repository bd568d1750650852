/** Writing word by word: freely, each word read back in; and beside it by force, a given text read instead. */

import type { Walk, WalkSide } from '../../../api/walk'
import { BAR_LINE, Drawing, type Scene, type Telling } from '../scene'

const WIDE = 380

export function generationScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const ways: ['free' | 'forced', WalkSide | null, WalkSide | null][] = [['free', walk.target, walk.inputs]]
  if (walk.reference) ways.push(['forced', walk.reference, walk.reference_inputs ?? null])
  let top = 20
  if (walk.source) {
    drawing.label(16, top, drawing.word('source'), { face: 'small', tone: 'soft' })
    drawing.tokensAcross(walk.source.tokens, 110, top, () => 'plain')
    top += 36
  }
  for (const [place, [way, written, inputs]] of ways.entries()) {
    const x = 16 + place * (WIDE + 60)
    lane(drawing, walk, now, { way, written, inputs, x, y: top + 16 })
  }
  return drawing.scene(900)
}

interface Lane {
  way: 'free' | 'forced'
  written: WalkSide | null
  inputs: WalkSide | null
  x: number
  y: number
}

function lane(drawing: Drawing, walk: Walk, now: number, { way, written, inputs, x, y }: Lane): void {
  const frame = walk.frames[now]!
  const step = frame.focus.token ?? 0
  const most = Math.max(0, ...walk.frames.flatMap(({ choices }) => choices[way]?.length ?? 0))
  drawing.label(x, y, drawing.word(way), { face: 'title' })
  const length = written?.tokens.length ?? 0
  const inside = step < length
  const known = frame.name === 'choose' ? step + 1 : step
  // Every step so far is a line: what was read, and what was written then.
  const list = (inputs?.tokens ?? []).slice(0, Math.min(step + 1, length))
  const barsTop = y + 30
  if (inside) {
    drawing.label(x, barsTop, drawing.word('reads'), { face: 'small', tone: 'soft' })
    drawing.label(x + 110, barsTop, inputs?.tokens[step] ?? '', {
      face: 'token',
      tone: frame.name === 'read' ? 'accent' : 'plain',
    })
    if (frame.name !== 'read') {
      const predicted = walk.frames
        .slice(0, now + 1)
        .findLast(({ name, focus }) => name === 'predict' && focus.token === step)
      const id = frame.name === 'choose' ? written?.ids[step] : undefined
      drawing.bars(x, barsTop + 36, WIDE, drawing.word('next'), predicted?.choices[way], frame.name === 'predict', id)
      const chosen = frame.choices[way]?.[0]
      const listed = predicted?.choices[way]?.some((choice) => choice.id === chosen?.id)
      if (frame.name === 'choose' && chosen && !listed) {
        drawing.bars(x, barsTop + 44 + most * BAR_LINE, WIDE, '', [chosen], true, chosen.id)
      }
    }
  }
  const listTop = barsTop + 84 + (most + 1) * BAR_LINE
  drawing.label(x, listTop, drawing.word('steps'), { face: 'small', tone: 'soft' })
  for (const [place, input] of list.entries()) {
    const line = listTop + 24 + place * 22
    const on = place === step
    drawing.label(x + 130, line, input, { face: 'token', anchor: 'end', tone: on ? 'accent' : 'plain' })
    drawing.arrow([x + 142, line], [x + 186, line], { fresh: on && frame.name === 'choose' })
    if (place < known)
      drawing.label(x + 198, line, written?.tokens[place] ?? '', { face: 'token', tone: on ? 'accent' : 'plain' })
    else drawing.label(x + 198, line, '?', { face: 'token', tone: 'faint' })
  }
}
