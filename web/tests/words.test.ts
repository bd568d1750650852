import { describe, expect, test } from 'vitest'
import equations from '../src/tabs/mechanics/equations.json'
import { typeset } from '../src/tabs/mechanics/typeset'
import { en } from '../src/words/en'
import { es } from '../src/words/es'
import { phrases as spanish } from '../src/words/es/phrases'
import { known } from '../src/words/phrase'
import { pt } from '../src/words/pt'
import { phrases as portuguese } from '../src/words/pt/phrases'

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

describe('phrases of the library', () => {
  test('are said in the same order of both languages', () => {
    expect(Object.keys(spanish.exact)).toEqual(Object.keys(portuguese.exact))
    expect(spanish.forms.map(([form]) => form.source)).toEqual(portuguese.forms.map(([form]) => form.source))
  })
  test('with names in them', () => {
    expect(known('only gpt2', 'pt')).toBe('só gpt2')
    expect(known('What a and b have in common', 'es')).toBe('Lo que a y b tienen en común')
    expect(known('By script', 'en')).toBe('By script')
    expect(known('a phrase that nobody knows', 'pt')).toBeUndefined()
  })
  test('a formula that has English words is known in both', () => {
    const word = /\b(?:the|of|each|another|later|order|position|word|mean|hidden|sublayer)\b/
    for (const formula of Object.values(equations).filter((one) => word.test(one))) {
      expect(known(formula, 'pt'), formula).toBeDefined()
      expect(known(formula, 'es'), formula).toBeDefined()
    }
  })
  test('articles in a formula are upright, variables are slanted', () => {
    const runs = typeset("an LSTM's cell: a matrix of its own, a Φ(a)")
    expect(runs.filter(({ italic }) => italic).map(({ text }) => text.trim())).toEqual(['a', 'Φ', 'a'])
  })
})
