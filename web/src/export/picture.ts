/** A drawing of the page as a file of its own: styles written into it, nothing left to look up. */

import { count, words } from '../words'
import { download } from './download'

const KEPT = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-opacity',
  'opacity',
  'font-family',
  'font-size',
  'font-style',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'baseline-shift',
  'image-rendering',
  'paint-order',
] as const
/** Set on the drawing itself, so that elements which say nothing else need not repeat it. */
const DEFAULTS: Partial<Record<(typeof KEPT)[number], string>> = {
  'fill-opacity': '1',
  'stroke-opacity': '1',
  opacity: '1',
  stroke: 'none',
  'stroke-width': '1px',
  'stroke-dasharray': 'none',
  'stroke-linecap': 'butt',
  'font-style': 'normal',
  'font-weight': '400',
  'text-anchor': 'start',
  'dominant-baseline': 'auto',
  'baseline-shift': '0px',
  'image-rendering': 'auto',
  'paint-order': 'normal',
}
const INTERACTIVE = ['class', 'role', 'tabindex', 'aria-pressed', 'aria-label', 'aria-selected', 'aria-hidden', 'style']

/** Tokens of one picture: a file with more is slow to make and to open. */
export const MOST_TOKENS = 2000

/** What a picture says of tokens that it has no room for; nothing if it has all. */
export function leftOut(more: number): string {
  return more > 0 ? `… ${words().tokens.moreTokens(count(more))}` : ''
}

export interface Size {
  width: number
  height: number
}

/** An SVG file's text, as the drawing looks now. */
export function svgText(drawing: SVGSVGElement, background = pageColour()): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement
  inline(drawing, copy)
  const { width, height } = sizeOf(drawing)
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  if (!copy.hasAttribute('viewBox')) copy.setAttribute('viewBox', `0 0 ${width} ${height}`)
  const [x, y, w, h] = (copy.getAttribute('viewBox') ?? '').split(' ')
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of Object.entries({ x, y, width: w, height: h, fill: background })) {
    paper.setAttribute(name, value ?? '0')
  }
  copy.prepend(paper)
  return new XMLSerializer().serializeToString(copy).replaceAll('<!---->', '')
}

export function saveSvg(drawing: SVGSVGElement, name: string): void {
  download(`${name}.svg`, svgText(drawing), 'image/svg+xml')
}

/** Three pixels for each of the page's: sharp on a slide. */
export async function savePng(drawing: SVGSVGElement, name: string): Promise<void> {
  await savePngOf(svgText(drawing), sizeOf(drawing), name)
}

/** The same of an SVG's text. */
export async function savePngOf(text: string, size: Size, name: string, scale = 3): Promise<void> {
  download(`${name}.png`, await pngOf(text, size, scale))
}

async function pngOf(text: string, size: Size, scale: number): Promise<Blob> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  // Browsers refuse larger canvases.
  const fit = Math.min(scale, 16_000 / size.width, 16_000 / size.height)
  canvas.width = Math.round(size.width * fit)
  canvas.height = Math.round(size.height * fit)
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(words().shell.noPicture))), 'image/png'),
  )
}

function inline(from: Element, to: Element): void {
  const style = getComputedStyle(from)
  for (const name of KEPT) {
    const value = style.getPropertyValue(name)
    if (value && value !== DEFAULTS[name] && !(from instanceof SVGGElement && name !== 'opacity')) {
      to.setAttribute(name, value)
    }
  }
  for (const name of INTERACTIVE) to.removeAttribute(name)
  for (const [place, child] of Array.from(from.children).entries()) inline(child, to.children[place]!)
}

export function sizeOf(drawing: SVGSVGElement): Size {
  const box = drawing.viewBox.baseVal
  if (box && box.width > 0) return { width: box.width, height: box.height }
  return { width: drawing.width.baseVal.value, height: drawing.height.baseVal.value }
}

function pageColour(): string {
  return getComputedStyle(document.documentElement).getPropertyValue('--surface').trim() || '#ffffff'
}
