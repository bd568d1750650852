/** A matrix as a picture of one pixel a cell: for so many cells that drawing each would take too long. */

import type { Colouring } from './colours'

/** Above so many cells a matrix is drawn as pixels. */
export const DENSE = 3000

export function pixelPicture(matrix: readonly (readonly number[])[], colour: Colouring): string {
  const canvas = document.createElement('canvas')
  canvas.height = matrix.length
  canvas.width = matrix[0]?.length ?? 0
  if (canvas.width === 0 || canvas.height === 0) return ''
  const context = canvas.getContext('2d')!
  const image = context.createImageData(canvas.width, canvas.height)
  for (const [y, row] of matrix.entries()) {
    for (const [x, value] of row.entries()) {
      const [red = 0, green = 0, blue = 0] = (colour(value).match(/[\d.]+/g) ?? []).map(Number)
      image.data.set([red, green, blue, 255], 4 * (y * canvas.width + x))
    }
  }
  context.putImageData(image, 0, 0)
  return canvas.toDataURL()
}
