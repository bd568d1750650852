import { describe, expect, test } from 'vitest'
import { preferredLanguage } from '../src/state/preferences.svelte'
import { formatAddress, KEYS, LONGEST, parseAddress, TABS, type Address } from '../src/state/route.svelte'

describe('the address', () => {
  test.each(TABS)('of %s is read as it was written', (tab) => {
    const values = Object.fromEntries(KEYS[tab].map((key, place) => [key, `á &=#?% ${place} שלום\n`]))
    const address: Address = { tab, values }
    expect(parseAddress(formatAddress(address))).toEqual(address)
  })
  test('what is not known is left out', () => {
    expect(parseAddress('#/attention?layer=2&token=5&evil=1')).toEqual({ tab: 'attention', values: { layer: '2' } })
    expect(parseAddress('#/nothing?layer=2').tab).toBe('tokens')
    expect(parseAddress('')).toEqual({ tab: 'tokens', values: {} })
  })
  test('a text that is too long stays out of it', () => {
    expect(formatAddress({ tab: 'tokens', values: { text: 'a'.repeat(LONGEST + 1), view: 'ids' } })).toBe(
      '#/tokens?view=ids',
    )
  })
  test('an empty text is not the default one', () => {
    expect(parseAddress('#/tokens?text=').values).toEqual({ text: '' })
  })
})

test('the reader’s first language that the page speaks', () => {
  expect(preferredLanguage(['de-DE', 'pt-BR', 'en'])).toBe('pt')
  expect(preferredLanguage(['ES'])).toBe('es')
  expect(preferredLanguage([])).toBe('en')
})
