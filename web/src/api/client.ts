/** Requests to the studio: JSON in, JSON out, every failure one clear line. */

export type FailureKind = 'answer' | 'network'

/** A request that failed: what the server said, or that it did not answer. */
export class RequestError extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly status = 0,
  ) {
    super(message)
  }
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal)
  const text = await response.text()
  const data = parsed(text)
  if (response.ok && data !== undefined) return data as T
  throw new RequestError('answer', told(data) ?? `${response.status} ${response.statusText}`, response.status)
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      signal: signal ?? null,
      ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new RequestError('network', String(error))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function told(data: unknown): string | undefined {
  const found = data as { error?: { message?: string } } | undefined
  return found?.error?.message
}
