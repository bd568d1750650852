/** The library's tables in the reader's language: titles, columns, and the cells that are phrases or numbers. */

import type { Table } from '../api/types'
import kinds from './columns.json'
import { known, localised, phrase } from './library'

/** Columns whose cells are phrases of the library's; others hold texts and names, which are never translated. */
const PHRASES = new Set(kinds.phrases)
/** Columns whose cells are several of them. */
const LISTS = new Set(kinds.lists)
const BETWEEN = '; '

export const titlesOf = (table: Table): string[] =>
  Object.keys(table.columns).map((key, place) => phrase(table.titles[place] ?? key, 'tables'))

export function cellOf(table: Table, row: number, key: string): string {
  const [shown, place] = shownIn(table, row, key)
  if (PHRASES.has(key) || LISTS.has(key)) return saidIn(key, shown)
  return table.numbers.includes(place) || key.endsWith('_interval') ? localised(shown) : shown
}

/** What stands in a column, said in the reader's language if such a column holds phrases. */
export function saidIn(key: string, shown: string): string {
  const parts = phrasesIn(key, shown)
  return parts.length > 0 ? parts.map((one) => phrase(one, 'tables')).join(BETWEEN) : shown
}

/** Names of things stay as they are; phrases that are known in English alone are marked so. */
export function languageIn(key: string, shown: string): string | undefined {
  const told = phrasesIn(key, shown).filter((one) => /\p{Ll}{3}/u.test(one))
  return told.length > 0 && told.every((one) => known(one, 'tables') === undefined) ? 'en' : undefined
}

export const languageOf = (table: Table, row: number, key: string) => languageIn(key, shownIn(table, row, key)[0])

function phrasesIn(key: string, shown: string): string[] {
  return PHRASES.has(key) ? [shown] : LISTS.has(key) ? shown.split(BETWEEN) : []
}

function shownIn(table: Table, row: number, key: string): [string, number] {
  const place = Object.keys(table.columns).indexOf(key)
  return [table.shown[row]?.[place] ?? '', place]
}
