/** Exported files of HTML: one file, no address in it (names of name spaces neither), readable wherever it is opened. */

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

export interface Page {
  title: string
  language: string
  style: string
  body: string
  script?: string
}

const BASE = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1d1f23;background:#fff}
table{border-collapse:collapse;font-size:.9rem}th,td{border-top:1px solid #dcd9d1;padding:.2rem .7rem;text-align:left}
caption{text-align:left;font-weight:600;padding:.4rem 0}.num{text-align:right;font-variant-numeric:tabular-nums}`

export function page({ title, language, style, body, script }: Page): string {
  return `<!doctype html>
<html lang="${escaped(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(title)}</title>
<style>${BASE}
${style}</style></head>
<body>
${body.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '')}
${script ? `<script>${script}</script>` : ''}
</body>
</html>
`
}

export function htmlTable(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) => row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')
  return `<table><caption>${escaped(caption)}</caption><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`
}
