/** The library's tables in the reader's language: titles, columns, and the cells that are phrases or numbers. */

import type { Table } from '../api/types'
import kinds from './columns.json'
import { known, localised, phrase } from './library'

/** Columns whose cells are phrases of the library's; others hold texts and names, which are never translated. */
const PHRASES = new Set(kinds.phrases)
/** Columns whose cells are several of them. */
const LISTS = new Set(kinds.lists)

export const titlesOf = (table: Table): string[] =>
  Object.keys(table.columns).map((key, place) => phrase(table.titles[place] ?? key, 'tables'))

export function cellOf(table: Table, row: number, key: string): string {
  const [shown, place] = shownIn(table, row, key)
  if (PHRASES.has(key)) return phrase(shown, 'tables')
  if (LISTS.has(key)) {
    const parts = shown.split('; ').map((one) => phrase(one, 'tables'))
    return parts.join('; ')
  }
  return table.numbers.includes(place) || key.endsWith('_interval') ? localised(shown) : shown
}

/** Names of things stay as they are; a phrase that is known in English alone is marked so. */
export function languageOf(table: Table, row: number, key: string): string | undefined {
  const [shown] = shownIn(table, row, key)
  return PHRASES.has(key) && known(shown, 'tables') === undefined && /\p{Ll}{3}/u.test(shown) ? 'en' : undefined
}

function shownIn(table: Table, row: number, key: string): [string, number] {
  const place = Object.keys(table.columns).indexOf(key)
  return [table.shown[row]?.[place] ?? '', place]
}
