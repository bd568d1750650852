/** The studio's routes, one function each. */

import { request } from './client'
import type {
  About,
  Arena,
  AttentionAnswer,
  AttentionRole,
  Job,
  Occlusion,
  OverlapEntry,
  Replay,
  Specials,
  Table,
  TokenizerInfo,
  Trace,
  Translation,
  VocabularyEntry,
  Workspace,
} from './types'
import type { Walk, WalkKind, Walks } from './walk'

type Signal = AbortSignal | undefined
const post = <T>(path: string, body: unknown, signal?: Signal) => request<T>('POST', `/api/${path}`, body, signal)
const get = <T>(path: string, signal?: Signal) => request<T>('GET', `/api/${path}`, undefined, signal)

export interface Page<Row> {
  total: number
  rows: Row[]
}

export const about = (signal?: Signal) => get<About>('about', signal)
export const workspace = (signal?: Signal) => get<Workspace>('workspace', signal)
export const addTokenizer = (body: { path: string; name?: string; pattern?: string }) =>
  post<TokenizerInfo>('workspace/tokenizers', body)
export const trainDemo = () => post<{ job: string }>('demo', {})

export const job = <Result>(id: string, signal?: Signal) => get<Job<Result>>(`jobs/${encodeURIComponent(id)}`, signal)
export const stopJob = (id: string) => request<unknown>('DELETE', `/api/jobs/${encodeURIComponent(id)}`)

export const tokens = (body: { tokenizer: string; text: string; specials: Specials }, signal?: Signal) =>
  post<Trace>('tokens', body, signal)
export const replay = (
  body: { tokenizer: string; text: string; specials: Specials; pre_token: number; best: number },
  signal?: Signal,
) => post<Replay | null>('tokens/replay', body, signal)
export const idsToText = (body: { tokenizer: string; ids: number[] }, signal?: Signal) =>
  post<{ text: string; entries: VocabularyEntry[] }>('tokens/ids', body, signal)

export const arena = (body: { tokenizers: string[]; text: string; specials: Specials }, signal?: Signal) =>
  post<Arena>('arena', body, signal)
export const overlap = (body: { a: string; b: string }, signal?: Signal) =>
  post<{ table: Table }>('arena/overlap', body, signal)
export const overlapEntries = (
  body: {
    a: string
    b: string
    on: 'bytes' | 'strings'
    part: 'common' | 'only_a' | 'only_b'
    search?: string
    offset: number
    limit: number
  },
  signal?: Signal,
) => post<Page<OverlapEntry>>('arena/entries', body, signal)

export type LeaderboardText = { name: string; text: string } | { name: string; path: string }
export const leaderboard = (body: {
  tokenizers: string[]
  texts: LeaderboardText[]
  against?: string
  alpha?: number
}) => post<{ job: string }>('leaderboard', body)

export const characters = (body: { tokenizer: string }) => post<{ job: string }>('characters', body)
export const characterEntries = (
  body: { tokenizer: string; filter?: string; search?: string; offset: number; limit: number },
  signal?: Signal,
) => post<Page<Record<string, unknown>>>('characters/entries', body, signal)
export const charactersOfText = (body: { text: string; tokenizer?: string }, signal?: Signal) =>
  post<{ tables: Table[] }>('characters/text', body, signal)

export interface TranslateRequest {
  model: string
  text: string
  beam_size?: number
  n_best?: number
  length_penalty?: number
}
export const translate = (body: TranslateRequest, signal?: Signal) => post<Translation>('translate', body, signal)

export interface AttentionRequest {
  model: string
  source: string
  target?: string
  gold?: string
  rows: 'predicted' | 'input'
}
export const attention = (body: AttentionRequest, signal?: Signal) => post<AttentionAnswer>('attention', body, signal)
export const occlusion = (body: { model: string; source: string; target: string }, signal?: Signal) =>
  post<Occlusion>('occlusion', body, signal)

export interface WalkRequest {
  model: string
  walk: WalkKind
  text: string
  target?: string
  role?: AttentionRole
  layer?: number
  head?: number
  position?: number
}
export const walk = (body: WalkRequest, signal?: Signal) => post<Walk>('mechanics', body, signal)
export const walks = (model: string, signal?: Signal) =>
  get<Walks>(`mechanics/${model.split('/').map(encodeURIComponent).join('/')}`, signal)
