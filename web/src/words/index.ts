/** The page's words in three languages. A string that a language lacks does not compile. */

import { preferences, type Language } from '../state/preferences.svelte'
import { en } from './en'
import { es } from './es'
import { pt } from './pt'

type Spoken<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { [Key in keyof T]: Spoken<T[Key]> }

export type Words = Spoken<typeof en>

const TABLES: Record<Language, Words> = { en, es, pt }

/** The words of the reader's language; asked for anew wherever that changes. */
export function words(): Words {
  return TABLES[preferences.language]
}

/** A number as the reader's language writes it. */
export function count(value: number): string {
  return new Intl.NumberFormat(preferences.language).format(value).replace('-', '−')
}

export function decimal(value: number, digits = 3): string {
  return new Intl.NumberFormat(preferences.language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: 'negative', // never −0.00
  })
    .format(value)
    .replace('-', '−')
}

/** A number of a model: four figures that matter, whatever its size. */
export function figure(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–'
  if (size < 0.0005 || size >= 100_000) return value.toExponential(3).replaceAll('-', '−')
  return new Intl.NumberFormat(preferences.language, { maximumSignificantDigits: 4 }).format(value).replace('-', '−')
}
