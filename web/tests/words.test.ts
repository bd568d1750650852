import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import equations from '../src/tabs/mechanics/equations.json'
import { typeset } from '../src/tabs/mechanics/typeset'
import { en } from '../src/words/en'
import { es } from '../src/words/es'
import { fit, known, localised, runs, type Part } from '../src/words/library'
import library from '../src/words/library.json'
import { pt } from '../src/words/pt'
import { cellOf, languageIn, languageOf, saidIn } from '../src/words/tables'
import { preferences } from '../src/state/preferences.svelte'
import type { Table } from '../src/api/types'
import texts from './keys.json'

/** Every string of a table by its path; a function by what it says of its parameters' names. */
function strings(table: object, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(table)) {
    const here = `${path}.${key}`
    if (typeof value === 'string') found.set(here, value)
    else if (typeof value === 'function') found.set(here, (value as (...given: string[]) => string)('①', '②', '③'))
    else for (const [deep, text] of strings(value as object, here)) found.set(deep, text)
  }
  return found
}

describe.each([
  ['pt', pt],
  ['es', es],
] as const)('the words of %s', (_, table) => {
  const english = strings(en)
  const other = strings(table)

  test('are those of English, none empty', () => {
    expect([...other.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [path, text] of other) expect(text, path).not.toBe('')
  })
  test('say what they are given', () => {
    for (const [path, text] of english) {
      for (const given of ['①', '②', '③']) {
        expect(other.get(path)!.includes(given), `${path} ${given}`).toBe(text.includes(given))
      }
    }
  })
})

describe('terms', () => {
  const english = strings(en)
  const spoken = [...english].map(([path, text]) => ({ text, pt: strings(pt).get(path)!, es: strings(es).get(path)! }))
  const said = Object.values(library).flatMap((entries) =>
    Object.entries(entries as Record<string, { pt: string; es: string }>).map(([text, entry]) => ({ text, ...entry })),
  )

  test.each([
    { term: /\bpremium\b/i, inPt: /\bsobrecusto/i, inEs: /\bsobrecoste/i },
    { term: /\btraces?\b/i, inPt: /\brastro/i, inEs: /\btraza/i },
  ])('are the same everywhere: $term', ({ term, inPt, inEs }) => {
    for (const all of [spoken, said]) {
      const found = all.filter(({ text }) => term.test(text))
      expect(found.length).toBeGreaterThan(0)
      for (const { text, ...other } of found) {
        expect(other.pt, text).toMatch(inPt)
        expect(other.es, text).toMatch(inEs)
      }
    }
  })
  test.each([en, pt, es])('the forms of one picture have one name', ({ tokens: { saves } }) => {
    const names = [saves.html, saves.svg, saves.png].map((name) => name.replace(/ \(.*/, ''))
    expect(new Set(names).size).toBe(1)
  })
})

describe('what the library says', () => {
  const slots = (text: string) => [...new Set(text.match(/\{\d/g))].sort()

  test('has the same slots in every language', () => {
    for (const [part, entries] of Object.entries(library)) {
      for (const [english, entry] of Object.entries(entries as Record<string, { pt: string; es: string }>)) {
        expect(slots(entry.pt), `${part}: ${english}`).toEqual(slots(english))
        expect(slots(entry.es), `${part}: ${english}`).toEqual(slots(english))
      }
    }
  })
  test('is known with names and numbers in it', () => {
    expect(known('only gpt2', 'tables', 'pt')).toBe('só gpt2')
    expect(known('What a and b have in common', 'tables', 'es')).toBe('Lo que a y b tienen en común')
    expect(known('By script', 'tables', 'en')).toBe('By script')
    expect(known('a phrase that nobody knows', 'messages', 'pt')).toBeUndefined()
    const long = 'the text has 200,001 characters; at most 200,000 are taken: give a part of it'
    expect(known(long, 'messages', 'pt')).toBe(
      'o texto tem 200.001 caracteres; são aceitos no máximo 200.000: dê uma parte dele',
    )
  })
  test('is said within other sayings', () => {
    expect(known("no entry has the script 'Latim'; did you mean 'Latin'?", 'messages', 'es')).toBe(
      "ninguna entrada tiene script = 'Latim'; ¿quiso decir 'Latin'?",
    )
    expect(runs('a.json is damaged (nobody knows why); copy it again', 'messages', 'pt')).toEqual([
      { text: 'a.json está danificado (', english: false },
      { text: 'nobody knows why', english: true },
      { text: '); copie-o outra vez', english: false },
    ])
    expect(runs('a.json is damaged (nobody knows why); copy it again', 'messages', 'en')).toHaveLength(1)
  })
  test('a value that looks like a slot or a pattern is left as it is', () => {
    expect(known('there is no {2} $1 \\ (.*) in the workspace /tmp/a', 'messages', 'pt')).toBe(
      'não há {2} $1 \\ (.*) no espaço de trabalho /tmp/a',
    )
  })
  test.each(texts)('is looked up as the tests of the server do: $text', ({ part, text, key, values }) => {
    const found = fit(text, part as Part)
    expect(found?.key ?? null).toBe(key)
    expect(found?.values ?? []).toEqual(values)
  })
  test('names that every object has are no entries', () => {
    for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']) {
      for (const part of ['messages', 'progress', 'tables', 'formulas'] as const) {
        expect(runs(name, part, 'es')).toEqual([{ text: name, english: true }])
      }
    }
  })
  test('numbers are written as the reader does', () => {
    expect(localised('12,345.50', 'pt')).toBe('12.345,50')
    expect(localised('3.40–3.60 %', 'es')).toBe('3,40–3,60 %')
    expect(localised('12,345.50', 'en')).toBe('12,345.50')
  })
  test('a formula that has English words is known in both', () => {
    const word = /\b(?:the|of|each|another|later|order|position|word|mean|hidden|sublayer)\b/
    for (const formula of Object.values(equations).filter((one) => word.test(one))) {
      expect(known(formula, 'formulas', 'pt'), formula).toBeDefined()
      expect(known(formula, 'formulas', 'es'), formula).toBeDefined()
    }
  })
  test('articles in a formula are upright, variables are slanted', () => {
    const set = typeset("an LSTM's cell: a matrix of its own, a Φ(a)")
    expect(set.filter(({ italic }) => italic).map(({ text }) => text.trim())).toEqual(['a', 'Φ', 'a'])
  })
})

describe('cells of tables', () => {
  const exact = '12 % of texts come back exactly'
  const strange = 'a reason that nobody knows'
  beforeEach(() => {
    preferences.language = 'pt'
  })
  afterEach(() => {
    preferences.language = 'en'
  })

  test('are said one by one where a cell lists several', () => {
    const said = saidIn('flags', `${exact}; ${exact}`)
    expect(said).toBe(`${saidIn('flags', exact)}; ${saidIn('flags', exact)}`)
    expect(said).not.toContain('exactly')
    expect(languageIn('flags', `${exact}; ${exact}`)).toBeUndefined()
    expect(languageIn('flags', '')).toBeUndefined()
  })
  test('are marked as English where nothing of them is known otherwise', () => {
    for (const key of ['flags', 'reason']) {
      expect(languageIn(key, strange)).toBe('en')
      expect(saidIn(key, strange)).toBe(strange)
    }
    expect(languageIn('flags', `${strange}; ${strange}`)).toBe('en')
    preferences.language = 'en'
    expect(languageIn('flags', strange)).toBeUndefined()
  })
  test('are phrases in the columns that hold these, for a list of entries as for a table', () => {
    expect(saidIn('role', 'ordinary')).toBe('comum')
    expect(saidIn('category', 'dashes')).toBe('traços')
    expect(saidIn('label', 'ordinary')).toBe('ordinary')
    expect(languageIn('label', strange)).toBeUndefined()
    const table = {
      columns: { category: '', flags: '', label: '', bytes: '' },
      numbers: [3],
      shown: [['dashes', strange, 'dashes', '1,234.5']],
    } as unknown as Table
    const keys = Object.keys(table.columns)
    expect(keys.map((key) => cellOf(table, 0, key))).toEqual(['traços', strange, 'dashes', '1.234,5'])
    expect(keys.map((key) => languageOf(table, 0, key))).toEqual([undefined, 'en', undefined, undefined])
  })
})
