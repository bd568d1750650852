/** A long piece of work on the server: followed until it ends, stopped on request. */

import { job, stopJob } from '../api/calls'
import { RequestError } from '../api/client'
import type { Job } from '../api/types'

const PAUSE = 400

export class Work<Result> {
  state = $state.raw<Job<Result> | undefined>(undefined)
  error = $state.raw<RequestError | undefined>(undefined)
  #run = 0

  get running(): boolean {
    return this.state?.state === 'running'
  }

  get result(): Result | undefined {
    return this.state?.result ?? undefined
  }

  /** Start, then look every now and then; resolves when the work has ended in any way. */
  async start(begin: () => Promise<{ job: string }>): Promise<void> {
    const run = ++this.#run
    this.error = undefined
    try {
      const { job: id } = await begin()
      await this.#follow(id, run)
    } catch (error) {
      if (run === this.#run) this.error = asRequestError(error)
    }
  }

  /** Look on at work that somebody started. */
  async follow(id: string): Promise<void> {
    await this.start(() => Promise.resolve({ job: id }))
  }

  async stop(): Promise<void> {
    const id = this.state?.id
    if (!id) return
    try {
      await stopJob(id)
    } catch (error) {
      this.error = asRequestError(error)
    }
  }

  /** Look no longer (the work goes on). */
  leave(): void {
    this.#run++
  }

  async #follow(id: string, run: number): Promise<void> {
    while (run === this.#run) {
      this.state = await job<Result>(id)
      if (this.state.state !== 'running') return
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
}

function asRequestError(error: unknown): RequestError {
  return error instanceof RequestError ? error : new RequestError('answer', String(error))
}
