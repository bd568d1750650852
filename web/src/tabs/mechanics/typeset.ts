/** The library's plain formulas set in type: letters slanted, functions upright, what is below or above in its place. */

export interface Run {
  text: string
  italic: boolean
  /** 1 above the line, -1 below it. */
  shift: 0 | 1 | -1
}

const BELOW: Record<string, string> = {
  'ₜ': 't', 'ⱼ': 'j', 'ₛ': 's', 'ₖ': 'k', 'ₙ': 'n', 'ᵢ': 'i', '₀': '0', '₁': '1', '₂': '2', '₋': '−', '₊': '+',
} // prettier-ignore
const ABOVE: Record<string, string> = { ᵀ: '⊤', ᵈ: 'd', ᵉ: 'e', '²': '2' }
/** Words, among them an article and a genitive, which are no variables; and what stands between. */
const PARTS = /’s|'s|\b[ao] (?=\p{L}{2})|\p{L}[\p{L}\p{M}]*|[^\p{L}]+/gu
const FACES = /[\p{L}\u0304\u0303]/u

export function typeset(formula: string): Run[] {
  const runs: Run[] = []
  let rest = formula
  while (rest) {
    const [text, shift, length] = taken(rest)
    for (const part of text.match(PARTS) ?? []) push(runs, part, shift)
    rest = rest.slice(length)
  }
  return runs
}

/** The next piece, whether it is shifted, and how much of the formula it takes. */
function taken(rest: string): [string, Run['shift'], number] {
  const group = /^₍([^₎]*)₎/.exec(rest)
  if (group) return [plain(group[1]!), -1, group[0].length]
  const below = /^_(\{[^}]*\}|[\p{L}\d])/u.exec(rest)
  if (below) return [below[1]!.replace(/^\{|\}$/g, '').replaceAll('_', ''), -1, below[0].length]
  const above = /^\^(\([^)]*\)|[\p{L}\d])/u.exec(rest)
  if (above) return [above[1]!.replace(/^\(|\)$/g, '').replaceAll('_', ''), 1, above[0].length]
  const first = rest[0]!
  if (first in BELOW) return [BELOW[first]!, -1, 1]
  if (first in ABOVE) return [ABOVE[first]!, 1, 1]
  const line = /^[^₍_^ₜⱼₛₖₙᵢ₀₁₂₋₊ᵀᵈᵉ²]+/u.exec(rest)
  return line ? [line[0], 0, line[0].length] : [first, 0, 1]
}

function plain(text: string): string {
  return Array.from(text, (letter) => BELOW[letter] ?? letter).join('')
}

function push(runs: Run[], text: string, shift: Run['shift']): void {
  const letters = text.normalize('NFD').replace(/\p{M}/gu, '')
  const italic = letters.length === 1 && FACES.test(letters) && !/[Σσ⊤√]/.test(letters)
  const last = runs.at(-1)
  if (last && last.italic === italic && last.shift === shift) last.text += text
  else runs.push({ text, italic, shift })
}
