/** One request of a component: the newest counts, earlier ones are dropped, a failure is kept to be shown. */

import { RequestError } from '../api/client'

export class Query<T> {
  data = $state.raw<T | undefined>(undefined)
  error = $state.raw<RequestError | undefined>(undefined)
  busy = $state(false)
  #abort: AbortController | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Ask after a pause (milliseconds), unless asked anew meanwhile. What was there stays until the answer comes. */
  run(call: (signal: AbortSignal) => Promise<T>, pause = 0): void {
    this.cancel()
    this.busy = true
    const abort = new AbortController()
    this.#abort = abort
    this.#timer = setTimeout(() => void this.#ask(call, abort), pause)
  }

  async #ask(call: (signal: AbortSignal) => Promise<T>, abort: AbortController): Promise<void> {
    try {
      const data = await call(abort.signal)
      if (this.#abort !== abort) return
      this.data = data
      this.error = undefined
    } catch (error) {
      if (this.#abort !== abort || (error instanceof DOMException && error.name === 'AbortError')) return
      this.data = undefined
      this.error = error instanceof RequestError ? error : new RequestError('answer', String(error))
    }
    this.busy = false
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#abort?.abort()
    this.#abort = undefined
    this.busy = false
  }

  clear(): void {
    this.cancel()
    this.data = undefined
    this.error = undefined
  }
}
