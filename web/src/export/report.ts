/** Pictures and tables of a tab as one file of HTML, which has everything in it and is read anywhere. */

import type { Table } from '../api/types'
import { preferences } from '../state/preferences.svelte'
import { phrase } from '../words/library'
import { cellOf, titlesOf } from '../words/tables'
import { download, fileName } from './download'
import { escaped, htmlTable, page } from './page'

const STYLE = `figure{margin:1.2rem 0;overflow-x:auto}figcaption{margin-bottom:.5rem}svg{max-width:100%;height:auto}
table{margin:1.4rem 0 .6rem}.wide{overflow-x:auto}p{max-width:48rem}`

export interface Picture {
  caption: string
  /** The text of an SVG. */
  svg: string
}

export function report(title: string, pictures: readonly Picture[], tables: readonly string[]): string {
  const figures = pictures.map(
    ({ caption, svg }) => `<figure><figcaption>${escaped(caption)}</figcaption>${svg}</figure>`,
  )
  const body = [`<h1>${escaped(title)}</h1>`, ...figures, ...tables.map((one) => `<div class="wide">${one}</div>`)]
  return page({ title, language: preferences.language, style: STYLE, body: body.join('\n') })
}

export function saveReport(title: string, pictures: readonly Picture[], tables: readonly string[]): void {
  download(`${fileName(title)}.html`, report(title, pictures, tables), 'text/html')
}

/** A table of the library's, as the page shows it. */
export function tableHtml(table: Table): string {
  const keys = Object.keys(table.columns)
  const rows = table.rows.map((_, row) => keys.map((key) => cellOf(table, row, key)))
  const notes = table.notes.map((note) => `<p>${escaped(phrase(note, 'tables'))}</p>`)
  return [htmlTable(phrase(table.title, 'tables'), titlesOf(table), rows), ...notes].join('\n')
}

/** A matrix with its names. */
export function matrixHtml(
  caption: string,
  rows: readonly string[],
  columns: readonly string[],
  cell: (row: number, column: number) => string,
): string {
  return htmlTable(
    caption,
    ['', ...columns],
    rows.map((name, row) => [name, ...columns.map((_, column) => cell(row, column))]),
  )
}
