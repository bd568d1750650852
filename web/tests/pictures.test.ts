import { describe, expect, test } from 'vitest'
import { diverging, inkOn, largestOf, sequential } from '../src/draw/colours'
import { csv } from '../src/export/csv'
import { fileName } from '../src/export/download'
import { escaped, htmlTable, page } from '../src/export/page'
import { leftOut } from '../src/export/picture'
import { preferences } from '../src/state/preferences.svelte'
import { byteWidth, fitted, held, placed } from '../src/tabs/arena/lanes'
import { figure } from '../src/words'

describe('colours', () => {
  test('zero is the page, signs differ, and more is further from it', () => {
    for (const theme of ['light', 'dark', 'contrast'] as const) {
      const colour = diverging(theme, 2)
      expect(colour(0)).toBe(sequential(theme)(0))
      expect(colour(1)).not.toBe(colour(-1))
      expect(colour(5)).toBe(colour(2))
    }
  })
  test('ink is read on both ends', () => {
    expect(inkOn('rgb(255, 255, 255)')).toBe('#14161a')
    expect(inkOn('rgb(20, 40, 120)')).toBe('#ffffff')
  })
  test('an array of nothing has no scale', () => {
    expect(largestOf([])).toBe(0)
    expect(diverging('light', 0)(3)).toBe(diverging('light', 1)(0))
  })
})

test('cells of CSV are quoted where they must be', () => {
  expect(csv([['a', 'b,c', 'say "é"', 'x\ny']])).toBe('a,"b,c","say ""é""","x\ny"\n')
})

describe('pages of HTML', () => {
  test('nothing in them is read as markup', () => {
    expect(escaped(`<img onerror="x">&'`)).not.toMatch(/[<>"']/)
    expect(htmlTable('<b>', ['<i>'], [['<script>']])).not.toContain('<script>')
  })
  test('hold no address', () => {
    expect(page({ title: 't', language: 'pt', style: '', body: '<p>x</p>' })).not.toMatch(/https?:|src=|href=/)
  })
})

test('names of files have plain letters only', () => {
  expect(fileName('tokens', 'Ação/ñ ..<x>')).toBe('tokens-Acao-n-..-x')
  expect(fileName('', '')).toBe('atento')
})

test('a picture says how many tokens it has no room for, as the reader writes numbers', () => {
  expect(leftOut(0)).toBe('')
  expect(leftOut(1234)).toBe('… and 1,234 more tokens')
  preferences.language = 'pt'
  expect(leftOut(1234)).toContain(' 1.234 ')
  preferences.language = 'en'
})

describe('lanes', () => {
  const token = (span: [number, number]) => ({
    id: 0,
    piece: '',
    label: 'x',
    raw: '',
    span,
    graphemes: [0, 0] as [number, number],
    role: 'ordinary' as const,
  })
  const trace = { tokens: Array.from({ length: 1000 }, (_, place) => token([2 * place, 2 * place + 2])) }

  test('only tokens in sight are placed', () => {
    const found = placed(trace as Parameters<typeof placed>[0], 100, 120, 15)
    expect(found[0]!.token.span[1]).toBeGreaterThanOrEqual(100)
    expect(found.at(-1)!.token.span[0]).toBeLessThanOrEqual(120)
    expect(found.length).toBeLessThan(15)
    expect(found[0]!.x).toBe(found[0]!.token.span[0] * 15)
  })
  test('a picture holds so many tokens, all lanes up to the same byte', () => {
    const wide = { tokens: Array.from({ length: 400 }, (_, place) => token([5 * place, 5 * place + 5])) }
    const traces = [trace, wide] as unknown as Parameters<typeof held>[0]
    expect(held(traces, 2000, 1400)).toEqual({ to: 2000, end: 2000, more: 0 })
    for (const most of [1, 2, 3, 100, 1399]) {
      const { to, end, more } = held(traces, 2000, most)
      const drawn = traces.flatMap((one) => placed(one, 0, to, 1))
      expect(drawn.length).toBeLessThanOrEqual(most)
      expect(drawn.length).toBeGreaterThanOrEqual(most - 1) // two may begin at the same byte
      expect(drawn.length + more).toBe(1400)
      expect(Math.max(0, ...drawn.map((one) => one.token.span[1]))).toBe(end)
    }
  })
  test('short texts are drawn larger', () => {
    expect(byteWidth(20, 1200)).toBeGreaterThan(byteWidth(200, 1200))
    expect(byteWidth(100_000, 1200)).toBeGreaterThan(10)
  })
  test('labels are cut to their boxes', () => {
    expect(fitted('abc', 100)).toBe('abc')
    expect(fitted('abcdefgh', 40)).toMatch(/…$/)
    expect(fitted('abcdefgh', 10)).toBe('')
  })
})

test('numbers of models keep four figures', () => {
  expect(figure(0)).toBe('0')
  expect(figure(-0.123456)).toBe('−0.1235')
  expect(figure(0.0000123)).toBe('1.230e−5')
  expect(figure(Number.NaN)).toBe('–')
})
