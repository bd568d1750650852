/** One look of a recurrent decoder at the source: rows are the source's words, what is computed of them goes right. */

import type { Walk } from '../../../api/walk'
import { Drawing, labelRoom, type Scene, type Telling } from '../scene'
import { lastWith, valueOf, type Numbers } from '../values'

const WIDE = 150
const STRIP = 15
const GAP = 26
const PART = 190

export function attentionScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const tokens = walk.source?.tokens ?? []
  const step = Math.max(20, Math.min(30, 380 / Math.max(1, tokens.length)))
  const sought = walk.frames[now]?.focus.token ?? 0
  const grid = { x: labelRoom(tokens) + 10, y: 124, height: tokens.length * step }
  const seen = (name: string, action?: string) => newest(walk, now, name, action)
  const luong = walk.equations.some((name) => name.startsWith('luong'))
  const h = luong ? 'h̄ₛ' : 'hⱼ'

  target(drawing, walk, sought, grid.x, now)
  drawing.tokensDown(tokens, grid.x - 10, grid.y, step)

  let x = grid.x
  const box = (width: number) => ({ x, y: grid.y, width, height: grid.height })
  const query = seen('query', 'query')
  const state = seen('state', 'query')
  drawing.cells(state.numbers, { x, y: 72, width: WIDE, height: STRIP }, luong ? 'hₜ' : 's₍t₋₁₎', 'state', state)
  drawing.cells(
    query.numbers,
    { x: x + WIDE + 40, y: 72, width: WIDE, height: STRIP },
    luong ? 'hₜ' : 'W s₍t₋₁₎',
    'query',
    query,
  )
  if (query.numbers) drawing.arrow([x + WIDE + 6, 79], [x + WIDE + 34, 79], { fresh: query.fresh })
  const annotations = pick(seen('annotations', 'keys'), seen('annotations', 'weigh'))
  drawing.cells(annotations.numbers, box(WIDE), h, 'annotations', annotations)
  if (annotations.numbers) x += WIDE + GAP + 14
  const keys = seen('keys', 'keys')
  if (annotations.numbers && keys.numbers)
    drawing.arrow([x - 34, grid.y + grid.height / 2], [x - 6, grid.y + grid.height / 2], { fresh: keys.fresh })
  drawing.cells(keys.numbers, box(WIDE), luong ? `W ${h}` : 'U hⱼ', 'keys', keys)
  if (keys.numbers) x += WIDE + GAP
  const joined = seen('joined')
  drawing.cells(joined.numbers, box(110), luong ? 'tanh(W [hₜ; h̄ₛ])' : 'tanh(W s + U hⱼ)', '', joined)
  if (joined.numbers) x += 110 + GAP
  const scores = seen('scores', 'score')
  drawing.column(scores.numbers, box(58), luong ? 'eₜₛ' : 'eₜⱼ', 'scores', scores)
  if (scores.numbers) x += 58 + GAP
  const inside = seen('inside', 'centre')
  // Formulas of these two are too long for a head; the equations below have them.
  drawing.column(inside.numbers, box(58), '', 'inside', { ...inside, signed: false })
  if (inside.numbers) x += 58 + GAP
  const gaussian = seen('gaussian', 'narrow')
  drawing.column(gaussian.numbers, box(58), '', 'gaussian', { ...gaussian, signed: false })
  if (gaussian.numbers) x += 58 + GAP
  const weights = pick(seen('weights', 'narrow'), seen('weights', 'softmax'))
  drawing.column(weights.numbers, box(58), luong ? 'αₜₛ' : 'αₜⱼ', 'weights', { ...weights, signed: false })
  if (weights.numbers) x += 58 + GAP
  const weighted = seen('weighted', 'weigh')
  drawing.cells(weighted.numbers, box(WIDE), luong ? 'αₜₛ h̄ₛ' : 'αₜⱼ hⱼ', 'weighted', weighted)
  const context = seen('context', 'sum')
  const below = grid.y + grid.height + 40
  drawing.cells(context.numbers, { x, y: below, width: WIDE, height: STRIP }, 'cₜ', 'context', context)
  if (context.numbers)
    drawing.arrow([x + WIDE / 2, grid.y + grid.height + 4], [x + WIDE / 2, below - 20], { fresh: context.fresh })

  decoder(drawing, walk, now, grid.x, below + 52)
  return drawing.scene(960)
}

interface Seen {
  numbers: Numbers | undefined
  fresh: boolean
}

/** The newest value of a name, and whether this frame brings it. */
export function newest(walk: Walk, now: number, name: string, action?: string): Seen {
  const place = lastWith(walk, now, name, action)
  return { numbers: valueOf(walk, walk.frames[place], name), fresh: place === now }
}

function pick(first: Seen, other: Seen): Seen {
  return first.numbers ? first : other
}

/** What has been written, and the word that is sought. */
function target(drawing: Drawing, walk: Walk, step: number, x: number, now: number): void {
  const tokens = walk.target?.tokens ?? []
  const known = walk.frames[now]?.name === 'predict'
  const names = tokens.slice(0, step + 1).map((token, place) => (place < step || known ? token : '?'))
  drawing.label(x - 10, 28, drawing.word('written'), { anchor: 'end', face: 'small', tone: 'soft' })
  drawing.tokensAcross(names, x, 28, (place) => (place === step ? 'accent' : 'plain'))
}

/** The decoder's own part: the word read, the gates, the new state, and what it says. */
function decoder(drawing: Drawing, walk: Walk, now: number, left: number, top: number): void {
  const place = lastWith(walk, now, 'hidden', 'update')
  const update = walk.frames[place]
  const lines: [string, string, Numbers | undefined, boolean][] = []
  const embed = newest(walk, now, 'word', 'embed')
  lines.push(['E[y₍t₋₁₎]', 'word', embed.numbers, embed.fresh])
  const add = (title: string, name: string, word = name) =>
    lines.push([title, word, valueOf(walk, update, name), place === now])
  add('h̃₍t₋₁₎', 'fed')
  add('h₍t₋₁₎', 'previous')
  for (const [gate, letter] of gatesOf(walk)) add(letter, gate)
  add('cₜ', 'cell')
  add('hₜ', 'hidden')
  const output = newest(walk, now, 'predicting', 'output')
  lines.push(['zₜ', 'predicting', output.numbers, output.fresh])
  // Three columns, filled downwards: what goes in, the gates, what comes out.
  const shown = lines.filter(([, , numbers]) => numbers)
  const high = Math.ceil(shown.length / 3)
  for (const [number, [title, word, numbers, fresh]] of shown.entries()) {
    const x = left + Math.floor(number / high) * (PART + 30)
    drawing.cells(numbers, { x, y: top + (number % high) * 40, width: PART, height: STRIP }, title, word, { fresh })
  }
  const predict = walk.frames[now]
  const choices = Object.values(predict?.choices ?? {})[0]
  drawing.bars(
    left + 3 * (PART + 30),
    top - 8,
    290,
    drawing.word('next'),
    choices,
    true,
    walk.target?.ids[predict?.focus.token ?? -1],
  )
}

/** A cell's gates with their letters, in the order in which they are computed. */
export function gatesOf(walk: Walk): [string, string][] {
  switch (walk.model.settings['cell']) {
    case 'lstm':
      return [
        ['input_gate', 'i'],
        ['forget_gate', 'f'],
        ['candidate', 'g'],
        ['output_gate', 'o'],
      ]
    case 'gru':
      return [
        ['reset_gate', 'r'],
        ['update_gate', 'z'],
        ['candidate', 'n'],
      ]
    default:
      return []
  }
}
