/** What can be looked at: the workspace's tokenizers and models, and what the server says of itself. */

import * as api from '../api/calls'
import type { About, ModelInfo, TokenizerInfo, Workspace } from '../api/types'
import { Query } from './query.svelte'
import { route } from './route.svelte'

export const SENTENCE = 'E a vida o que é, diga lá, meu irmão?'
export const WORDS = 'amigos inimagináveis'

class Things {
  about = new Query<About>()
  workspace = new Query<Workspace>()

  load(): void {
    this.about.run((signal) => api.about(signal))
    this.workspace.run((signal) => api.workspace(signal))
  }

  get tokenizers(): TokenizerInfo[] {
    return this.workspace.data?.tokenizers ?? []
  }

  get models(): ModelInfo[] {
    return this.workspace.data?.models ?? []
  }

  get limit(): number {
    return this.about.data?.limits.characters ?? 200_000
  }

  get sentence(): string {
    return this.about.data?.sentence ?? SENTENCE
  }

  /** The tokenizer that the address names, or the first one. */
  get tokenizer(): TokenizerInfo | undefined {
    return named(this.tokenizers, route.get('tokenizer'))
  }

  /** Those of the address, or the first few. */
  chosen(count: number): TokenizerInfo[] {
    const ids = route.list('tokenizers')
    const found = ids.flatMap((id) => this.tokenizers.filter((one) => one.id === id))
    return found.length > 0 ? found : this.tokenizers.slice(0, count)
  }

  /** The model that the address names, or the first that can do it. */
  model(able: (model: ModelInfo) => boolean = () => true): ModelInfo | undefined {
    return named(this.models.filter(able), route.get('model'))
  }
}

function named<T extends { id: string }>(all: readonly T[], id: string | undefined): T | undefined {
  return all.find((one) => one.id === id) ?? all[0]
}

export const translates = (model: ModelInfo) => model.family === 'recurrent' || model.family === 'transformer'

export const things = new Things()
