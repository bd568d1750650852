export const tabs = {
  tokens: 'Tokens',
  arena: 'Arena',
  leaderboard: 'Leaderboard',
  characters: 'Characters',
  translate: 'Translate',
  attention: 'Attention',
  mechanics: 'Mechanics',
}

export const themes = { auto: 'System colours', light: 'Light', dark: 'Dark', contrast: 'High contrast' }

export const shell = {
  skip: 'Skip to the content',
  views: 'Views',
  language: 'Language',
  theme: 'Colours',
  close: 'Close',
  again: 'Try again',
  export: 'Export',
  busy: 'Working…',
  twin: 'The same as a table',
  saveView: 'This view (one HTML file)',
  noPicture: 'The browser made no picture.',
  unreachable: 'The studio does not answer. Is it still running? Start it with “atento studio”.',
  stop: 'Stop',
  search: 'Search',
  previous: 'Previous',
  next: 'Next',
  rows: (first: string, last: string, total: string) => `${first}–${last} of ${total}`,
  none: 'Nothing found.',
  tooLong: (length: string, limit: string) =>
    `The text has ${length} characters; the studio shows up to ${limit}. It was not taken over.`,
  longLink: 'This text is too long to be part of the page’s link: a link shows the rest of this view, not the text.',
  flagged: 'flagged',
  stopped: 'Stopped.',
}

export const help = {
  title: 'Help',
  about:
    'The studio shows what a tokenizer or a trained model does, with its own numbers. The address of the page holds all you chose: copy it to come back to the same view.',
  keys: 'Keys',
  space: 'Space',
  actions: [
    'the token before or after',
    'the layer below or above',
    'the head before or after',
    'one step of a replay or of a walk (with Shift: back)',
    'search',
    'export',
    'this help',
  ] as [string, string, string, string, string, string, string],
  single: 'Single-key shortcuts (turn off if you dictate)',
  local: 'Everything happens on this computer. The page loads nothing from elsewhere and sends nothing out.',
}

export const workspace = {
  another: 'Open another tokenizer of the workspace',
  path: 'Path inside the workspace',
  name: 'Name (may be empty)',
  pattern: 'How it parts words',
  add: 'Open',
  refused: 'These lie in the workspace and cannot be opened:',
}
