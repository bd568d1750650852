import { describe, expect, test } from 'vitest'
import equations from '../src/tabs/mechanics/equations.json'
import { typeset } from '../src/tabs/mechanics/typeset'
import { en } from '../src/words/en'
import { es } from '../src/words/es'
import { known, localised, runs } from '../src/words/library'
import library from '../src/words/library.json'
import { pt } from '../src/words/pt'

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
