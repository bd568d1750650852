/** The library's tables speak English; here they are said in the reader's language, as far as that is known. */

import { preferences, type Language } from '../state/preferences.svelte'
import { phrases as es } from './es/phrases'
import { phrases as pt } from './pt/phrases'

export interface Phrases {
  exact: Record<string, string>
  /** Phrases with names in them. */
  forms: [RegExp, string][]
}

const TABLES: Partial<Record<Language, Phrases>> = { es, pt }

/** A phrase in the reader's language; undefined where it is not known there. */
export function known(english: string, language: Language = preferences.language): string | undefined {
  const table = TABLES[language]
  if (!table) return english
  const exact = table.exact[english]
  if (exact !== undefined) return exact
  const form = table.forms.find(([pattern]) => pattern.test(english))
  return form && english.replace(form[0], form[1])
}

/** The same, in English where nothing better is known. */
export function phrase(english: string): string {
  return known(english) ?? english
}
