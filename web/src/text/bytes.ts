/** Bytes of UTF-8, in which all spans are counted, and their renderings. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text of some bytes, or null where they are no whole characters. */
export function decoded(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length >> 1 }, (_, place) =>
    Number.parseInt(hex.slice(2 * place, 2 * place + 2), 16),
  )
}

/** `C3 A1`. */
export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')
}

/** `U+0061 U+0301`; what is no whole character as its bytes. */
export function codePoints(bytes: Uint8Array): string {
  const text = decoded(bytes)
  if (text === null) return hexadecimal(bytes)
  return Array.from(
    text,
    (character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`,
  ).join(' ')
}

/** How many code points there are, which is what the server's limit counts. */
export function countCharacters(text: string): number {
  let count = 0
  for (let place = 0; place < text.length; place++) {
    if (text.codePointAt(place)! > 0xffff) place++
    count++
  }
  return count
}

/** Bytes that GPT-2's byte-level pieces show as the character of their number. */
function printable(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
}

/** The characters that GPT-2's byte-level pieces are spelled with, and the byte that each stands for. */
export function byteLevelTable(): Map<string, number> {
  const table = new Map<string, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) table.set(String.fromCodePoint(printable(byte) ? byte : next++), byte)
  return table
}

const BYTE_LEVEL = byteLevelTable()

/** The bytes of a byte-level piece; null if it is spelled otherwise. */
export function bytesOfPiece(piece: string): Uint8Array | null {
  const bytes = Array.from(piece, (character) => BYTE_LEVEL.get(character))
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes as number[]) : null
}
