/** Language, theme and keys: the reader's, kept in the browser. */

export const LANGUAGES = ['pt', 'es', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const
export type ThemeChoice = (typeof THEMES)[number]
export type Theme = Exclude<ThemeChoice, 'auto'>

const STORE = 'atento.preferences'

/** The first language of the reader's that the page speaks. */
export function preferredLanguage(languages: readonly string[]): Language {
  const found = languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.some((l) => l === tag))
  return (found as Language | undefined) ?? 'en'
}

class Preferences {
  language = $state<Language>('en')
  choice = $state<ThemeChoice>('auto')
  /** Whether single keys act; who dictates or uses a screen reader may need them off. */
  keys = $state(true)
  #systemDark = $state(false)
  #systemContrast = $state(false)

  get theme(): Theme {
    if (this.choice !== 'auto') return this.choice
    if (this.#systemContrast) return 'contrast'
    return this.#systemDark ? 'dark' : 'light'
  }

  load(): void {
    this.language = preferredLanguage(navigator.languages)
    const kept = stored()
    if (LANGUAGES.some((name) => name === kept['language'])) this.language = kept['language'] as Language
    if (THEMES.some((name) => name === kept['theme'])) this.choice = kept['theme'] as ThemeChoice
    this.keys = kept['keys'] !== false
    this.#watch('(prefers-color-scheme: dark)', (dark) => (this.#systemDark = dark))
    this.#watch('(prefers-contrast: more)', (more) => (this.#systemContrast = more))
  }

  save(): void {
    try {
      const kept = { language: this.language, theme: this.choice, keys: this.keys }
      localStorage.setItem(STORE, JSON.stringify(kept))
    } catch {
      // A browser that keeps nothing asks again next time.
    }
  }

  #watch(query: string, told: (matches: boolean) => void): void {
    const media = window.matchMedia(query)
    told(media.matches)
    media.addEventListener('change', (event) => told(event.matches))
  }
}

function stored(): Record<string, unknown> {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '{}') as Record<string, unknown>
  } catch {
    return {}
  }
}

export const preferences = new Preferences()
