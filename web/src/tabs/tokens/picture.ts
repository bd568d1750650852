/** A text's coloured tokens as a drawing, for files: the rows of the list, all of them or as many as a picture holds. */

import type { Trace } from '../../api/types'
import { escaped } from '../../export/page'
import { leftOut, MOST_TOKENS, type Size } from '../../export/picture'
import { layRows, shownTokens, type ShownToken, type View } from '../../text/tokens'

const WIDTH = 960
const LINE = 34
const FONT = 15
const PAD = 16
const AROUND = 10
const GAP = 2
const COLOURS = 6

export interface Drawing {
  svg: string
  size: Size
}

export function tokensDrawing(trace: Trace, view: View, marks: boolean): Drawing {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const font = colour('--mono')
  const context = document.createElement('canvas').getContext('2d')!
  context.font = `${FONT}px ${font}`
  const measure = (label: string) => Math.ceil(context.measureText(label).width) + AROUND
  const widthOf = (label: string) => Math.min(measure(label), WIDTH - 2 * PAD)
  const tokens = shownTokens(trace, view, marks).slice(0, MOST_TOKENS)
  const rows = layRows(tokens, (label) => measure(label) + GAP, WIDTH - 2 * PAD)
  const used = rows.map((row) =>
    tokens.slice(row.first, row.stop).reduce((sum, { label }) => sum + widthOf(label) + GAP, 0),
  )
  const wide = Math.ceil(Math.max(220, ...used)) + 2 * PAD
  const boxes = rows.flatMap((row, line) => {
    let x = PAD
    return tokens.slice(row.first, row.stop).map((token, position) => {
      const width = widthOf(token.label)
      const left = row.direction === 'rtl' ? wide - x - width : x
      x += width + GAP
      return box(token, left, PAD + line * LINE, width, colour(`--hue-${(row.first + position) % COLOURS}`))
    })
  })
  const foot = leftOut(trace.tokens.length - tokens.length)
  const height = 2 * PAD + (rows.length + (foot ? 1 : 0)) * LINE
  const attributes = `xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${height}" viewBox="0 0 ${wide} ${height}"`
  const note = foot ? `<text x="${PAD}" y="${height - PAD - 8}">${escaped(foot)}</text>` : ''
  const svg = `<svg ${attributes}><rect width="${wide}" height="${height}" fill="${colour('--surface')}"/><g font-family="${escaped(font)}" font-size="${FONT}" fill="${colour('--ink')}" xml:space="preserve">${boxes.join('')}${note}</g></svg>`
  return { svg, size: { width: wide, height } }
}

function box(token: ShownToken, x: number, y: number, width: number, fill: string): string {
  const text = `<text x="${x + width / 2}" y="${y + LINE / 2 - 3}" text-anchor="middle" dominant-baseline="central">${escaped(token.label)}</text>`
  return `<rect x="${x}" y="${y}" width="${width}" height="${LINE - 6}" rx="3" fill="${fill}" stroke="#8b8f96" stroke-width="0.7"/>${text}`
}
