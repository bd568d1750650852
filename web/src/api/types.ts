/** What the studio's server answers, as its records are. Byte spans are the truth; text is a rendering. */

export type Span = [number, number]
export type Specials = 'text' | 'parse' | 'refuse'
export type TokenRole = 'ordinary' | 'special' | 'unknown' | 'byte'

export interface About {
  version: string
  tabs: string[]
  limits: { characters: number; body: number }
  sentence: string
}

export interface TokenizerInfo {
  id: string
  name: string
  kind: string
  size: number
  library: string
}

export type AttentionRole = 'cross' | 'encoder' | 'decoder'

export interface ModelInfo {
  id: string
  name: string
  family: 'recurrent' | 'transformer' | 'gpt' | 'bert'
  source_language: string | null
  target_language: string | null
  parameters: number
  attends: boolean
  roles: AttentionRole[]
  layers: Partial<Record<AttentionRole, number>>
  heads: Partial<Record<AttentionRole, number>>
}

export interface Workspace {
  root: string
  tokenizers: TokenizerInfo[]
  models: ModelInfo[]
  /** Paths of texts that can be measured without bringing one. */
  texts: string[]
  /** What lies there and cannot be opened. */
  refused: { id: string; message: string }[]
  demo: { state: 'absent' | 'training' | 'ready'; job: string | null }
}

export interface TracedToken {
  id: number
  piece: string
  label: string
  raw: string
  span: Span
  graphemes: Span
  role: TokenRole
}

export interface Merge {
  place: number
  left: string
  right: string
  rank: number
}

export interface Match {
  start: number
  tried: string[]
  found: string | null
}

export interface Segmentation {
  pieces: string[]
  scores: number[]
  total: number
}

export type Replay =
  | { kind: 'merges'; symbols: string[]; merges: Merge[]; pieces: string[] }
  | { kind: 'matches'; matches: Match[]; pieces: string[] }
  | { kind: 'segmentations'; best: Segmentation[]; pieces: string[] }
  | { kind: 'look-up'; pieces: string[] }

export interface PreToken {
  text: string
  span: Span
  tokens: Span
  special: boolean
  replay: Replay | null
}

export interface FinishedToken {
  id: number
  piece: string
  added: boolean
}

export interface SharedGrapheme {
  grapheme: string
  span: Span
  tokens: number[]
}

export interface Trace {
  format: 'atento.trace'
  version: number
  tokenizer: { name: string; kind: string; size: number; library: string }
  text: string
  specials: Specials
  names: string[]
  normalised: string
  pre_tokens: PreToken[]
  tokens: TracedToken[]
  finished: FinishedToken[]
  graphemes: number
  shared: SharedGrapheme[]
  decoded: string
}

export interface VocabularyEntry {
  id: number
  piece: string
  label: string
  raw: string
  role: TokenRole
}

export type Cell = string | number | boolean | null

export interface Table {
  title: string
  columns: Record<string, string>
  rows: Record<string, Cell>[]
  notes: string[]
  titles: string[]
  shown: string[][]
  numbers: number[]
}

export interface Arena {
  traces: Trace[]
  table: Table
  common: number[]
  disputed: number[]
}

export interface OverlapEntry {
  label: string
  raw: string
  a: number[]
  b: number[]
}

export interface LeaderboardResult {
  tables: Table[]
  csv: string
  markdown: string
  latex: string
  json: string
}

export interface Job<Result = unknown> {
  id: string
  state: 'running' | 'done' | 'failed' | 'stopped'
  description: string
  done: number
  total: number | null
  note: string
  result: Result | null
  error: string | null
}

export interface Side {
  text: string
  tokens: string[]
  spans: (Span | null)[]
}

export interface Attention {
  format: 'atento.attention'
  version: number
  rows: 'predicted' | 'input'
  note: string
  source: Side
  target: Side
  read: { tokens: string[]; spans: (Span | null)[]; reach: number[] } | null
  weights: Partial<Record<AttentionRole, number[][][][]>>
}

export interface Candidate {
  text: string
  tokens: string[]
  ids: number[]
  log_probabilities: number[]
  total: number
  score: number
  finished: boolean
  attention: Attention | null
}

export interface Translation {
  seconds: number
  unknown: string[]
  candidates: Candidate[]
}

export interface AttentionAnswer {
  attention: Attention
  words: Attention
  source_words: Span[]
  target_words: Span[]
  entropy: Partial<Record<AttentionRole, number[][]>>
  aer: AlignmentScore | null
}

export type Link = [number, number]

export interface AlignmentScore {
  aer: number
  precision: number
  recall: number
  predicted_links: Link[]
  sure_links: Link[]
  possible_links: Link[]
  heads: { layer: number; head: number; aer: number }[]
}

export interface Occlusion {
  source: string[]
  target: string[]
  log_probabilities: number[]
  differences: number[][]
}
