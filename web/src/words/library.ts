/**
 * The library and the server speak English; here what they say is said in the reader's language.
 *
 * `library.json` has every text by its English, with numbered slots for the values in it: `no entry of {1} has the id
 * {2}`. In a translation `{1}` is the value as it is, `{1#}` a number as the reader writes it, `{1*}` a text to be said
 * in turn. Its messages, stages of work and words of tables are gathered from the code by
 * `tests/studio/test_languages.py`, which fails where one is missing here, or no longer said there.
 */

import { preferences, type Language } from '../state/preferences.svelte'
import library from './library.json'

/** `messages` include what the operating system and other libraries say within them (`foreign`). */
export type Part = 'messages' | 'progress' | 'tables' | 'formulas'

/** A stretch of a text; `english` where no translation is known. */
export interface Run {
  text: string
  english: boolean
}

type Entry = Record<Exclude<Language, 'en'>, string>
type Entries = ReadonlyMap<string, Entry>

const entriesOf = (...parts: Record<string, Entry>[]): Entries => new Map(parts.flatMap(Object.entries<Entry>))
const ENTRIES: Record<Part, Entries> = {
  messages: entriesOf(library.messages, library.foreign),
  progress: entriesOf(library.progress),
  tables: entriesOf(library.tables),
  formulas: entriesOf(library.formulas),
}

const SLOT = /\{(\d)([*#]?)\}/

/** A key that has slots, as a pattern. */
interface Form {
  key: string
  pattern: RegExp
  entry: Entry
}

/** What a text is said by, and what stands in its slots. */
export interface Fit {
  key: string
  entry: Entry
  values: string[]
}

const forms = new Map<Part, Form[]>()

/** A text in the reader's language, run by run. */
export function runs(english: string, part: Part, language: Language = preferences.language): Run[] {
  return language === 'en' ? [{ text: english, english: false }] : said(english, part, language)
}

/** A text in the reader's language; undefined where it is not known there. */
export function known(english: string, part: Part, language: Language = preferences.language): string | undefined {
  const found = runs(english, part, language)
  return found.length === 1 && found[0]!.english ? undefined : joined(found)
}

/** The same, in English where nothing better is known. */
export function phrase(english: string, part: Part): string {
  return joined(runs(english, part))
}

/** Numbers as English writes them (`1,234.5`), as the reader does. */
export function localised(shown: string, language: Language = preferences.language): string {
  if (language === 'en') return shown
  return shown.replace(/\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+/g, (number) => {
    const digits = number.split('.')[1]?.length ?? 0
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    return new Intl.NumberFormat(language, form).format(Number(number.replaceAll(',', '')))
  })
}

/** How much of a form is the same in every text that it fits. */
const fixed = (key: string) => key.replaceAll(/\{\d\}/g, '').length
const joined = (found: readonly Run[]) => found.map(({ text }) => text).join('')

function said(english: string, part: Part, language: Exclude<Language, 'en'>): Run[] {
  const found = fit(english, part)
  return found ? filled(found, part, language) : [{ text: english, english: true }]
}

/** The entry of `library.json` that a text is said by; undefined if there is none. */
export function fit(english: string, part: Part): Fit | undefined {
  const exact = ENTRIES[part].get(english)
  if (exact) return { key: english, entry: exact, values: [] }
  for (const { key, pattern, entry } of formsOf(part)) {
    const values = pattern.exec(english)
    if (values) return { key, entry, values: values.slice(1) }
  }
  return undefined
}

function filled({ entry, values }: Fit, part: Part, language: Exclude<Language, 'en'>): Run[] {
  const pieces = entry[language].split(SLOT)
  const found: Run[] = []
  for (let place = 0; place < pieces.length; place += 3) {
    add(found, { text: pieces[place]!, english: false })
    const value = values[Number(pieces[place + 1]) - 1]
    if (value === undefined) continue
    if (pieces[place + 2] === '*') for (const run of said(value, part, language)) add(found, run)
    else if (pieces[place + 2] === '#') add(found, { text: localised(value, language), english: false })
    else add(found, { text: /^\d{1,3}(,\d{3})+$/.test(value) ? localised(value, language) : value, english: false })
  }
  return found
}

/** Runs of the same language become one. */
function add(found: Run[], run: Run): void {
  const last = found.at(-1)
  if (run.text === '') return
  if (last?.english === run.english) last.text += run.text
  else found.push({ ...run })
}

/** Those that have slots, as patterns; what says most comes first, so that `{1}: {2}` is the last resort. */
function formsOf(part: Part): Form[] {
  let made = forms.get(part)
  if (!made) {
    made = [...ENTRIES[part]]
      .filter(([key]) => SLOT.test(key))
      .sort(([a], [b]) => fixed(b) - fixed(a))
      .map(([key, entry]) => ({ key, pattern: patternOf(key), entry }))
    forms.set(part, made)
  }
  return made
}

/** A slot right after another is what may be added to a message: `; did you mean 'bpe'?`. */
function patternOf(key: string): RegExp {
  const pieces = key.split(/\{\d\}/).map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`))
  const form = pieces.map((piece, place) =>
    place === 0 ? piece : `${place > 1 && pieces[place - 1] === '' ? '((?:[;,].*)?)' : '(.*?)'}${piece}`,
  )
  return new RegExp(`^${form.join('')}$`, 's')
}
