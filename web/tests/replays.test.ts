import { describe, expect, test } from 'vitest'
import { matchStates, mergeState, spelled } from '../src/text/replays'

describe('merges', () => {
  const start = ['a', 'm', 'i', 'g', 'o', 's']
  const merges = [
    { place: 0, left: 'a', right: 'm', rank: 65 },
    { place: 2, left: 'i', right: 'g', rank: 72 },
    { place: 0, left: 'am', right: 'ig', rank: 100 },
  ]
  const texts = (step: number) => mergeState(start, merges, step).symbols.map(({ text }) => text)

  test('are made one after the other', () => {
    expect(texts(0)).toEqual(start)
    expect(texts(1)).toEqual(['am', 'i', 'g', 'o', 's'])
    expect(texts(2)).toEqual(['am', 'ig', 'o', 's'])
    expect(texts(3)).toEqual(['amig', 'o', 's'])
  })
  test('the next one is named, and the last one marked', () => {
    expect(mergeState(start, merges, 1).next).toBe(merges[1])
    expect(mergeState(start, merges, 3).next).toBeUndefined()
    expect(mergeState(start, merges, 2).symbols.map(({ merged }) => merged)).toEqual([false, true, false, false])
  })
  test('a continuation mark is not doubled', () => {
    const state = mergeState(['a', '##b'], [{ place: 0, left: 'a', right: '##b', rank: 1 }], 1)
    expect(state.symbols[0]!.text).toBe('ab')
  })
})

test('every look-up of a WordPiece search is a step', () => {
  const matches = [
    { start: 0, tried: ['abc', 'ab'], found: 'ab' },
    { start: 2, tried: ['##c'], found: '##c' },
  ]
  expect(matchStates(matches)).toEqual([
    { match: 0, attempt: 0 },
    { match: 0, attempt: 1 },
    { match: 1, attempt: 0 },
  ])
})

test('byte-level symbols are spelled as what they stand for', () => {
  expect(spelled('Ġin', 'byte-bpe')).toBe('·in')
  expect(spelled('Ã', 'byte-bpe')).toBe('⟨C3⟩')
  expect(spelled('Ġin', 'bpe')).toBe('Ġin')
})
