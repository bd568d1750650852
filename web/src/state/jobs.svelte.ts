/** A long piece of work on the server: followed until it ends, stopped on request. */

import { job, stopJob } from '../api/calls'
import { RequestError } from '../api/client'
import type { Job } from '../api/types'

/** Milliseconds: short work is seen to end soon, long work is not asked about all the time. */
const FIRST = 60
const LONGEST = 480

export class Work<Result> {
  state = $state.raw<Job<Result> | undefined>(undefined)
  error = $state.raw<RequestError | undefined>(undefined)
  #run = 0
  /** Runs that were abandoned before their work was first seen. */
  readonly #unwanted = new Set<number>()

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
      if (this.#unwanted.delete(run)) await stopJob(id)
      else await this.#follow(id, run)
    } catch (error) {
      if (run === this.#run) this.error = asRequestError(error)
    }
  }

  /** Look on at work that somebody started. */
  async follow(id: string): Promise<void> {
    await this.start(() => Promise.resolve({ job: id }))
  }

  async stop(): Promise<void> {
    const run = this.#run
    const id = this.state?.id
    if (!id) return
    try {
      await stopJob(id)
    } catch (error) {
      if (run === this.#run) this.error = asRequestError(error)
    }
  }

  /** Look no longer (the work goes on). */
  leave(): void {
    this.#run++
  }

  /** Look no longer, and have it stopped: nobody waits for it. */
  abandon(): void {
    if (this.running) void this.stop()
    else this.#unwanted.add(this.#run)
    this.leave()
    this.state = undefined
  }

  async #follow(id: string, run: number): Promise<void> {
    for (let pause = FIRST; run === this.#run; pause = Math.min(LONGEST, 2 * pause)) {
      const state = await job<Result>(id)
      if (run !== this.#run) {
        if (this.#unwanted.delete(run)) await stopJob(id)
        return
      }
      this.state = state
      if (state.state !== 'running') return
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

function asRequestError(error: unknown): RequestError {
  return error instanceof RequestError ? error : new RequestError('answer', String(error))
}
