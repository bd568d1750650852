/** What can be taken away from the tokens tab. */

import type { Trace } from '../../api/types'
import { csv } from '../../export/csv'
import { download, fileName } from '../../export/download'
import { escaped, htmlTable, page } from '../../export/page'
import { preferences } from '../../state/preferences.svelte'
import type { View } from '../../text/tokens'
import { words } from '../../words'
import { savePngOf } from '../../export/picture'
import { tokensDrawing } from './picture'
import { TOKEN_COLUMNS, tokenCell } from './rows'

const HUES = ['#dbe6fb', '#fbe5cf', '#d8efdc', '#f6dce6', '#e7e0f7', '#f2ecc4']

export function saves(trace: Trace, view: View, marks: boolean) {
  const name = fileName('tokens', trace.tokenizer.name)
  const names = words().tokens.saves
  const drawing = () => tokensDrawing(trace, view, marks)
  return [
    { label: names.svg, run: () => download(`${name}.svg`, drawing().svg, 'image/svg+xml') },
    {
      label: names.png,
      run: () => {
        const { svg, size } = drawing()
        return savePngOf(svg, size, name)
      },
    },
    { label: names.json, run: () => download(`${name}.json`, JSON.stringify(trace, null, 1), 'application/json') },
    { label: names.csv, run: () => download(`${name}.csv`, csv([[...TOKEN_COLUMNS], ...rows(trace)]), 'text/csv') },
    { label: names.html, run: () => download(`${name}.html`, coloured(trace), 'text/html') },
  ]
}

function rows(trace: Trace): string[][] {
  const raw = new TextEncoder().encode(trace.text)
  return trace.tokens.map((token, place) =>
    TOKEN_COLUMNS.map((key) => (key === 'place' ? String(place + 1) : tokenCell(token, raw, key))),
  )
}

function coloured(trace: Trace): string {
  const w = words().tokens
  const boxes = trace.tokens
    .map(({ label, id }, place) => `<span class="t h${place % HUES.length}" title="${id}">${escaped(label)}</span>`)
    .join('')
  const style = HUES.map((hue, place) => `.h${place}{background:${hue}}`).join('')
  return page({
    title: `${trace.tokenizer.name}: ${trace.tokens.length} ${w.counts.tokens}`,
    language: preferences.language,
    style: `.t{font-family:ui-monospace,monospace;white-space:pre-wrap;border-left:1px solid #8b8f96;padding:0 3px;margin-right:2px;border-radius:3px}${style}`,
    body: `<h1>${escaped(trace.tokenizer.name)}</h1><p>${trace.tokens.length} ${escaped(w.counts.tokens)}</p><p dir="auto">${boxes}</p>${htmlTable(
      w.list,
      TOKEN_COLUMNS.map((key) => w.columns[key]),
      rows(trace),
    )}`,
  })
}
