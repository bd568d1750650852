import { beforeEach, expect, test, vi } from 'vitest'
import * as calls from '../src/api/calls'
import { RequestError } from '../src/api/client'
import type { Job } from '../src/api/types'
import { Work } from '../src/state/jobs.svelte'

vi.mock('../src/api/calls', () => ({ job: vi.fn(), stopJob: vi.fn() }))

const asked = vi.mocked(calls.job)
const stopped = vi.mocked(calls.stopJob)
const running = (id: string) => ({ id, state: 'running' }) as Job<string>
const ended = (id: string) => ({ id, state: 'done', result: id }) as Job<string>

function later<Value>() {
  let answer!: (value: Value) => void
  let refuse!: (reason: unknown) => void
  const promise = new Promise<Value>((resolve, reject) => {
    answer = resolve
    refuse = reject
  })
  return { promise, answer, refuse }
}

beforeEach(() => {
  asked.mockReset()
  stopped.mockReset().mockResolvedValue(undefined)
})

test('work is followed until it has ended', async () => {
  asked.mockResolvedValueOnce(running('a')).mockResolvedValueOnce(ended('a'))
  const work = new Work<string>()
  await work.start(() => Promise.resolve({ job: 'a' }))
  expect(work.result).toBe('a')
  expect(work.running).toBe(false)
  expect(stopped).not.toHaveBeenCalled()
})

test('all work that was abandoned before it began is stopped, the newest is not', async () => {
  asked.mockImplementation(async (id) => ended(id))
  const work = new Work<string>()
  const beginnings = [later<{ job: string }>(), later<{ job: string }>(), later<{ job: string }>()]
  const [first, second, third] = beginnings.map(({ promise }, place) => {
    if (place > 0) work.abandon()
    return work.start(() => promise)
  })
  for (const [place, { answer }] of beginnings.entries()) answer({ job: `job ${place + 1}` })
  await Promise.all([first, second, third])
  expect(stopped.mock.calls).toEqual([['job 1'], ['job 2']])
  expect(work.result).toBe('job 3')
})

test('work that was abandoned before it was first seen is stopped once', async () => {
  const look = later<Job<string>>()
  asked.mockReturnValueOnce(look.promise)
  const work = new Work<string>()
  const started = work.start(() => Promise.resolve({ job: 'a' }))
  await vi.waitFor(() => expect(asked).toHaveBeenCalled())
  work.abandon()
  look.answer(running('a'))
  await started
  expect(stopped.mock.calls).toEqual([['a']])
  expect(work.state).toBeUndefined()
})

test('that abandoned work cannot be stopped is no failure of what came after it', async () => {
  const refusal = later<unknown>()
  stopped.mockReturnValueOnce(refusal.promise)
  asked.mockImplementation(async (id) => (id === 'a' ? running(id) : ended(id)))
  const work = new Work<string>()
  const old = work.start(() => Promise.resolve({ job: 'a' }))
  await vi.waitFor(() => expect(work.running).toBe(true))
  work.abandon()
  await work.start(() => Promise.resolve({ job: 'b' }))
  refusal.refuse(new RequestError('answer', 'there is no job'))
  await old
  expect(stopped.mock.calls).toEqual([['a']])
  expect(work.result).toBe('b')
  expect(work.error).toBeUndefined()
})

test('that work cannot be stopped is told to who asked for it', async () => {
  asked.mockResolvedValue(running('a'))
  stopped.mockRejectedValueOnce(new RequestError('answer', 'there is no job'))
  const work = new Work<string>()
  const started = work.start(() => Promise.resolve({ job: 'a' }))
  await vi.waitFor(() => expect(work.running).toBe(true))
  await work.stop()
  expect(work.error?.message).toBe('there is no job')
  work.leave()
  await started
})
