/** Where tokens stand: the matrix of positions as waves, and what is added to the embeddings. */

import type { Walk } from '../../../api/walk'
import { Drawing, labelRoom, type Scene, type Telling } from '../scene'
import { newest } from './attention'
import { sideOf, tableShape } from '../values'

const WIDE = 205
const BLOCKS: [string, string, string, string][] = [
  ['embeddings', 'embed', 'E', 'embedded'],
  ['scaled', 'scale', '√D · E', 'scaled'],
  ['positions', 'place', 'PE', 'positions'],
  ['sums', 'add', 'x', 'sum'],
  ['normalised', 'normalise', 'norm(x)', 'normalised'],
  ['cosine', 'place', 'cos', 'cosine'],
  ['sine', 'place', 'sin', 'sine'],
  ['queries', 'turn', 'q', 'query'],
  ['turned', 'turn', 'q′', 'turned'],
]

export function positionsScene(walk: Walk, now: number, telling: Telling): Scene {
  const drawing = new Drawing(walk, telling)
  const embeddings = newest(walk, now, 'embeddings')
  const axis = embeddings.numbers?.axes[0] ?? 'source'
  const tokens = sideOf(walk, axis)?.tokens ?? []
  const step = Math.max(12, Math.min(22, 260 / Math.max(1, tokens.length)))
  const left = labelRoom(tokens) + 10
  const top = 60
  const tall = tokens.length * step
  drawing.tokensDown(tokens, left - 10, top, step)
  let x = left
  let placed = 0
  for (const [name, action, title, word] of BLOCKS) {
    const found = newest(walk, now, name, action)
    if (!found.numbers) continue
    drawing.cells(found.numbers, { x, y: top, width: WIDE, height: tall }, title, word, found)
    if (placed > 0)
      drawing.label(x - 22, top + tall / 2, SIGNS[name] ?? '→', { anchor: 'middle', face: 'title', tone: 'accent' })
    x += WIDE + 44
    placed++
  }
  const matrix = newest(walk, now, 'matrix', 'place')
  if (matrix.numbers) {
    const [rows] = tableShape(matrix.numbers)
    const y = top + tall + 70
    drawing.cells(
      matrix.numbers,
      { x: left, y, width: Math.min(960, Math.max(560, x - left - 44)), height: Math.max(200, rows * 4) },
      'PE(pos, i)',
      'matrix',
      matrix,
    )
    drawing.label(left - 10, y + 6, '0', { anchor: 'end', face: 'small', tone: 'soft' })
    drawing.label(left - 10, y + Math.max(200, rows * 4) - 6, String(rows - 1), {
      anchor: 'end',
      face: 'small',
      tone: 'soft',
    })
    drawing.label(left - 10, y + Math.max(200, rows * 4) / 2, 'pos', { anchor: 'end', face: 'formula' })
  }
  return drawing.scene(900)
}

const SIGNS: Record<string, string> = { positions: '+', sums: '=' }
