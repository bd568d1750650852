/** The page's state lives in its address: `#/attention?model=…&layer=2`. Back, forward and links restore it. */

export const TABS = ['tokens', 'arena', 'leaderboard', 'characters', 'translate', 'attention', 'mechanics'] as const
export type Tab = (typeof TABS)[number]

/** Which parameters belong to a tab; two tabs that name one share its value. */
export const KEYS = {
  tokens: ['tokenizer', 'text', 'view', 'marks', 'specials', 'token', 'part', 'step', 'ids', 'pane'],
  arena: ['tokenizers', 'text', 'specials', 'token', 'lane', 'left', 'right', 'on', 'entries', 'search', 'page'],
  leaderboard: ['tokenizers', 'paths', 'against', 'alpha', 'sort'],
  characters: ['tokenizer', 'filter', 'find', 'leaf', 'text'],
  translate: ['model', 'second', 'source', 'beam', 'best', 'penalty', 'candidate', 'place'],
  attention: [
    'model',
    'source',
    'target',
    'gold',
    'rows',
    'units',
    'role',
    'layer',
    'head',
    'picture',
    'place',
    'occlusion',
  ],
  mechanics: ['model', 'source', 'target', 'walk', 'frame', 'role', 'layer', 'head', 'position'],
} as const satisfies Record<Tab, readonly string[]>

export type Key = (typeof KEYS)[Tab][number]

/** Longer values (of encoded characters) stay out of the address; browsers refuse addresses without end. */
export const LONGEST = 12_000

export interface Address {
  tab: Tab
  values: Partial<Record<Key, string>>
}

export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const tab = TABS.find((name) => name === path) ?? 'tokens'
  const known: readonly string[] = KEYS[tab]
  const pairs = [...new URLSearchParams(query)].filter(([key]) => known.includes(key))
  return { tab, values: Object.fromEntries(pairs) as Address['values'] }
}

export function formatAddress({ tab, values }: Address): string {
  const query = new URLSearchParams()
  for (const key of KEYS[tab]) {
    const value = values[key]
    if (value !== undefined && encodeURIComponent(value).length <= LONGEST) query.set(key, value)
  }
  const text = query.toString()
  return `#/${tab}${text && `?${text}`}`
}

class Route {
  tab = $state<Tab>('tokens')
  #values = $state<Partial<Record<Key, string>>>({})

  /** A parameter's value; undefined where the default holds. */
  get(key: Key): string | undefined {
    return this.#values[key]
  }

  number(key: Key, fallback: number): number {
    const value = this.#values[key]
    const found = value === undefined || value === '' ? Number.NaN : Number(value)
    return Number.isFinite(found) ? found : fallback
  }

  /** One of the choices, the first one where nothing else is said. */
  choice<T extends string>(key: Key, choices: readonly [T, ...T[]]): T {
    return choices.find((choice) => choice === this.#values[key]) ?? choices[0]
  }

  list(key: Key): string[] {
    const value = this.#values[key]
    return value ? value.split(',').map(decodeURIComponent) : []
  }

  /** Change parameters; `undefined` brings the default back. A `push` makes a step that "back" undoes. */
  set(changes: Partial<Record<Key, string | number | readonly string[] | undefined>>, push = false): void {
    for (const [key, value] of Object.entries(changes) as [Key, string | number | readonly string[] | undefined][]) {
      if (value === undefined) delete this.#values[key]
      else this.#values[key] = Array.isArray(value) ? value.map(encodeURIComponent).join(',') : String(value)
    }
    this.#write(push)
  }

  go(tab: Tab, changes: Parameters<Route['set']>[0] = {}): void {
    if (tab === this.tab && Object.keys(changes).length === 0) return
    this.tab = tab
    this.set(changes, true)
  }

  /** The address of a tab as its values are now. */
  link(tab: Tab): string {
    return formatAddress({ tab, values: this.#values })
  }

  /** Whether a value is too long to be in the address. */
  isLong(key: Key): boolean {
    const value = this.#values[key]
    return value !== undefined && (value.length > LONGEST || encodeURIComponent(value).length > LONGEST)
  }

  /** Follow the address from now on. */
  listen(): () => void {
    const follow = () => this.#read()
    this.#read()
    window.addEventListener('popstate', follow)
    window.addEventListener('hashchange', follow)
    return () => {
      window.removeEventListener('popstate', follow)
      window.removeEventListener('hashchange', follow)
    }
  }

  #read(): void {
    const { tab, values } = parseAddress(location.hash)
    for (const key of KEYS[tab]) {
      const value = values[key]
      // What was too long for the address is kept when one goes back to it.
      if (value !== undefined) this.#values[key] = value
      else if (!this.isLong(key)) delete this.#values[key]
    }
    this.tab = tab
  }

  #write(push: boolean): void {
    const address = this.link(this.tab)
    if (address === location.hash) return
    if (push) history.pushState(null, '', address)
    else history.replaceState(null, '', address)
  }
}

export const route = new Route()
