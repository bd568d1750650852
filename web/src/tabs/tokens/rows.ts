/** A token's cells in tables and files. */

import type { TracedToken } from '../../api/types'
import { codePoints, fromHex, hexadecimal } from '../../text/bytes'
import { renderedBytes } from '../../text/visible'

export const TOKEN_COLUMNS = ['place', 'id', 'label', 'text', 'bytes', 'points', 'span', 'role'] as const

export function tokenCell(token: TracedToken, raw: Uint8Array, key: string): string {
  const part = raw.subarray(token.span[0], token.span[1])
  switch (key) {
    case 'id':
      return String(token.id)
    case 'label':
      return token.label
    case 'text':
      return renderedBytes(part, true)
    case 'bytes':
      return hexadecimal(token.raw ? fromHex(token.raw) : part)
    case 'points':
      return codePoints(part)
    case 'span':
      return `${token.span[0]}–${token.span[1]}`
    default:
      return token.role
  }
}
