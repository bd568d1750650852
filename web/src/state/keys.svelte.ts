/** Single keys: the tab that is open says what they do; in a field they are letters. */

import { preferences } from './preferences.svelte'

export type Keys = Record<string, () => void>

const layers: Keys[] = []

/** Use these keys while the component lives (call it in an `$effect`). The last one to come is asked first. */
export function useKeys(keys: Keys): () => void {
  layers.push(keys)
  return () => {
    layers.splice(layers.indexOf(keys), 1)
  }
}

const FIELDS = 'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]'
/** What has its own use for arrows and Space. */
const OWNERS = `${FIELDS}, [role=tab], [role=radio], [type=radio], [type=range], summary`
const CLAIMED = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', ' ', 'Home', 'End'])

export function handleKey(event: KeyboardEvent): void {
  if (!preferences.keys || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const target = event.target instanceof Element ? event.target : null
  if (document.querySelector('dialog[open]') || target?.closest(CLAIMED.has(event.key) ? OWNERS : FIELDS)) return
  if (event.key === ' ' && target?.closest('button, a')) return
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const action = layers.findLast((keys) => name in keys)?.[name]
  if (!action) return
  event.preventDefault()
  action()
}
