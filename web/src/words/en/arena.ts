export const arena = {
  tokenizers: 'Tokenizers',
  add: 'Add a tokenizer',
  remove: (name: string) => `Remove ${name}`,
  nth: (place: number) => `Tokenizer ${place}`,
  few: 'Choose two tokenizers or more to compare them.',
  lanes: 'Lanes on one ruler of bytes',
  guide:
    'Every lane shows the same bytes at the same place. A dashed line marks where some tokenizers cut and others do not.',
  ruler: 'bytes',
  lane: (name: string, tokens: string) => `${name}: ${tokens} tokens`,
  cuts: (common: string, disputed: string) => `${common} cuts are common to all, ${disputed} are disputed.`,
  figures: 'Figures',
  common: 'Entries in common',
  between: 'First',
  and: 'Second',
  on: 'Compare by',
  ways: { bytes: 'bytes they stand for', strings: 'spelling in the file' },
  part: 'Show',
  parts: { common: 'in both', only_a: 'only in the first', only_b: 'only in the second' },
  entries: 'Entries',
  columns: { label: 'Entry', raw: 'Bytes', a: 'Ids in the first', b: 'Ids in the second' },
  table: 'Tokens of one lane',
  saves: { json: 'Traces (JSON)', csv: 'Figures (CSV)', svg: 'Lanes (SVG)', png: 'Lanes (PNG)' },
}

export const leaderboard = {
  guide:
    'Measures tokenizers on your texts: ratios of sums first. A row that loses text, or makes much of it unknown, is flagged and comes after the others.',
  texts: 'Texts',
  file: 'Add files from this computer',
  path: 'Add a file of the workspace',
  pathHint: 'path inside the workspace',
  addPath: 'Add',
  paste: 'Add a pasted text',
  name: 'Name',
  text: 'Text',
  remove: (name: string) => `Remove ${name}`,
  own: 'pasted',
  fromPath: 'workspace',
  bytes: (count: string) => `${count} bytes`,
  against: 'Premium against (texts parallel by lines)',
  nobody: 'no text',
  alpha: 'α of the Rényi efficiency',
  run: 'Measure',
  stop: 'Stop',
  none: 'Add a text, or measure on the built-in sentences.',
  tooLarge: (name: string, limit: string) =>
    `${name} is larger than ${limit} bytes: put it into the workspace and give its path.`,
  progress: 'Progress',
  choose: 'Tokenizers to measure',
  saves: { csv: 'CSV', json: 'JSON', markdown: 'Markdown', latex: 'LaTeX' },
}

export const characters = {
  guide:
    'What a vocabulary is made of: scripts, categories, lengths, digits, spaces, bytes, and entries that no text can give.',
  vocabulary: 'Vocabulary',
  entries: 'Entries',
  filter: 'Show',
  all: 'all entries',
  text: 'Characters of a text',
  textLabel: 'Text',
  working: 'The first look at a vocabulary takes a while.',
  saves: { json: 'Tables (JSON)', csv: 'Tables (CSV)' },
}

/** Titles of the server's columns, by key, where they are not those that the server gives. */
export const columns: Record<string, string> = {}
