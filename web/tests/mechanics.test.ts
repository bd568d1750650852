import { describe, expect, test } from 'vitest'
import type { Walk, WalkArray } from '../src/api/walk'
import equations from '../src/tabs/mechanics/equations.json'
import { sceneOf } from '../src/tabs/mechanics/scenes'
import type { Cells, Telling } from '../src/tabs/mechanics/scene'
import { typeset } from '../src/tabs/mechanics/typeset'
import { meanOf, namesOf, numbersOf, rowAt, rowsOfFrame, tableShape } from '../src/tabs/mechanics/values'

const array = (shape: number[], axes: string[]): WalkArray => ({
  type: 'array',
  shape,
  axes,
  data: Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, place) => place - 2),
})
const side = (tokens: string[]) => ({ text: tokens.join(' '), tokens, ids: tokens.map((_, place) => place), spans: [] })
const telling: Telling = {
  parts: {},
  layerName: (layer) => `layer ${layer}`,
  headName: (head) => `head ${head}`,
  layer: 0,
  head: undefined,
}

const walk: Walk = {
  format: 'atento.walk',
  version: 1,
  kind: 'attention',
  model: { name: 'tiny', family: 'recurrent', settings: { cell: 'gru' } },
  source: side(['E', 'a', 'vida']),
  target: side(['Y', 'la']),
  inputs: side(['<s>', 'Y']),
  equations: ['bahdanau.query'],
  arrays: {
    annotations: array([3, 4], ['source', 'annotation']),
    heads: array([2, 3, 4], ['heads', 'source', 'value']),
  },
  frames: [
    {
      name: 'query',
      focus: { role: 'cross', side: 'target', token: 1 },
      equations: ['bahdanau.query'],
      values: { state: array([4], ['units']), query: array([4], ['attention']) },
      choices: {},
    },
    {
      name: 'keys',
      focus: { role: 'cross', side: 'target', token: 1 },
      equations: [],
      values: { annotations: { type: 'part', array: 'annotations' }, keys: array([3, 4], ['source', 'attention']) },
      choices: {},
    },
    {
      name: 'predict',
      focus: { role: 'cross', side: 'target', token: 1 },
      equations: [],
      values: {},
      choices: { free: [{ id: 1, token: 'la', probability: 0.75, rank: 1 }] },
    },
  ],
}

describe('numbers', () => {
  test('a part is what is left of its array', () => {
    const part = numbersOf(walk, { type: 'part', array: 'heads', at: [1, 2] })
    expect(part.data).toEqual([18, 19, 20, 21])
    expect(part.axes).toEqual(['value'])
    expect(part.largest).toBe(21)
  })
  test('rows and means', () => {
    const all = numbersOf(walk, { type: 'part', array: 'annotations' })
    expect(rowAt(all, 1).data).toEqual([2, 3, 4, 5])
    expect(meanOf(all).data).toEqual([2, 3, 4, 5])
    expect(tableShape(all)).toEqual([3, 4])
    expect(tableShape(rowAt(all, 0))).toEqual([1, 4])
  })
  test('places that count tokens have their names', () => {
    expect(namesOf(walk, 'source', 3)).toEqual(['E', 'a', 'vida'])
    expect(namesOf(walk, 'heads', 2)).toEqual(['1', '2'])
  })
})

describe("a frame's numbers in a file", () => {
  const rowsOf = (value: WalkArray) =>
    rowsOfFrame(walk, { name: '', focus: {}, equations: [], values: { weights: value }, choices: {} })

  test('rows are named by their places on all leading axes', () => {
    const rows = rowsOf(array([2, 2, 3], ['heads', 'target', 'source']))
    expect(rows).toHaveLength(1 + 12)
    expect(rows[0]).toEqual(['value', 'row', 'column', 'number'])
    expect(rows.slice(1).map(([, row]) => row)).toEqual(
      ['1 · Y', '1 · la', '2 · Y', '2 · la'].flatMap((name) => [name, name, name]),
    )
    expect(rows.at(-1)).toEqual(['weights', '2 · la', 'vida', '9'])
    expect(new Set(rows.map(([, row, column]) => `${row}/${column}`)).size).toBe(rows.length)
    const deeper = rowsOf(array([2, 2, 2, 3], ['layers', 'heads', 'target', 'source']))
    expect(deeper.at(-1)).toEqual(['weights', '2 · 2 · la', 'vida', '21'])
  })
  test('a matrix has the names of its rows, a vector and a number none', () => {
    expect(rowsOf(array([2, 3], ['target', 'source'])).at(-1)).toEqual(['weights', 'la', 'vida', '3'])
    expect(rowsOf(array([3], ['source'])).at(-1)).toEqual(['weights', '', 'vida', '0'])
    expect(rowsOf(array([], [])).at(-1)).toEqual(['weights', '', '0', '-2'])
  })
})

describe('the picture of a look at the source', () => {
  const cells = (now: number) =>
    sceneOf(walk, now, telling).items.filter((item): item is Cells => item.kind === 'cells')

  test('keeps what was there, and marks what is new', () => {
    expect(cells(0)).toHaveLength(2)
    expect(cells(1)).toHaveLength(4)
    expect(cells(1).filter(({ fresh }) => fresh)).toHaveLength(2)
  })
  test('shows the numbers as they are', () => {
    const keys = cells(1).find(({ title }) => title.startsWith('U'))!
    expect(keys.data).toEqual(array([3, 4], []).data)
    expect(keys.rowNames).toEqual(['E', 'a', 'vida'])
  })
  test('the word that is sought is hidden until it is predicted', () => {
    const labels = (now: number) =>
      sceneOf(walk, now, telling).items.flatMap((item) => (item.kind === 'label' ? [item.text] : []))
    expect(labels(1)).toContain('?')
    expect(labels(2)).toContain('la')
  })
  test('no item lies outside', () => {
    const scene = sceneOf(walk, 2, telling)
    for (const item of scene.items) {
      if (item.kind !== 'cells') continue
      expect(item.x + item.width).toBeLessThanOrEqual(scene.width)
      expect(item.y + item.height).toBeLessThanOrEqual(scene.height)
    }
  })
})

describe('formulas in type', () => {
  test('indices are below, the transpose above, letters slanted and functions upright', () => {
    const runs = typeset('eₜⱼ = vᵀ tanh(W s₍t₋₁₎ + U hⱼ + b)')
    expect(runs.map(({ text }) => text).join('')).toBe('etj = v⊤ tanh(W st−1 + U hj + b)')
    expect(
      runs
        .filter(({ shift }) => shift < 0)
        .map(({ text }) => text)
        .join(' '),
    ).toBe('tj t −1 j')
    expect(runs.find(({ text }) => text.includes('tanh'))!.italic).toBe(false)
    expect(runs.find(({ text }) => text === 'W')!.italic).toBe(true)
    expect(runs.find(({ text }) => text === '⊤')!.shift).toBe(1)
  })
  test('powers and braces', () => {
    const plain = (formula: string) =>
      typeset(formula).map(({ text, shift }) => (shift > 0 ? `^${text}` : shift < 0 ? `_${text}` : text))
    expect(plain('10000^(2i/D)').join('')).toContain('^2')
    expect(plain('q_{i+d_k/2}').filter((text) => text.startsWith('_')).length).toBeGreaterThan(0)
  })
  test.each(Object.entries(equations))('%s loses nothing', (_, formula) => {
    const letters = (text: string) => text.replace(/[\s_^{}()₍₎]/g, '').length
    expect(
      letters(
        typeset(formula)
          .map(({ text }) => text)
          .join(''),
      ),
    ).toBe(letters(formula))
  })
})
