/** Comma-separated values (RFC 4180, with line feeds). */

export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(quoted).join(',') + '\n').join('')
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
