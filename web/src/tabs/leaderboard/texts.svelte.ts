/** The texts that are measured: paths of the workspace (in the address), and what the reader brought (in this page). */

import type { LeaderboardText } from '../../api/calls'
import { route } from '../../state/route.svelte'
import { things } from '../../state/workspace.svelte'

export interface Brought {
  name: string
  text: string
}

class Texts {
  brought = $state.raw<readonly Brought[]>([])

  get paths(): string[] {
    const given = route.get('paths')
    if (given !== undefined) return route.list('paths')
    return this.brought.length > 0 ? [] : (things.workspace.data?.texts ?? [])
  }

  get all(): LeaderboardText[] {
    return [...this.paths.map((path) => ({ name: path, path })), ...this.brought]
  }

  bring(text: Brought): void {
    const taken = new Set(this.all.map(({ name }) => name))
    let name = text.name
    for (let number = 2; taken.has(name); number++) name = `${text.name} ${number}`
    const paths = route.get('paths') === undefined ? [] : this.paths
    this.brought = [...this.brought, { name, text: text.text }]
    route.set({ paths })
  }

  addPath(path: string): void {
    route.set({ paths: [...new Set([...this.paths, path])] })
  }

  remove(name: string): void {
    route.set({ paths: this.paths.filter((path) => path !== name) })
    this.brought = this.brought.filter((one) => one.name !== name)
  }
}

export const texts = new Texts()
