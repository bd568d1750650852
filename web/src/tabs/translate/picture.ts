/** The alignment of a translation as a drawing, for files: its words below, the source's above, lines between. */

import { flushSync, mount, unmount } from 'svelte'
import type { Candidate } from '../../api/types'
import Arcs from '../../draw/Arcs.svelte'
import { sizeOf, svgText, type Size } from '../../export/picture'
import { wordAlignment, wordsOf } from '../../text/alignment'
import { words } from '../../words'

/** Drawn out of sight, and taken as text; the candidate has attention. */
export function alignmentDrawing(candidate: Candidate): { svg: string; size: Size } {
  const attention = candidate.attention!
  const from = wordsOf(attention.source.text)
  const to = wordsOf(candidate.text)
  const host = document.createElement('div')
  host.className = 'hidden'
  document.body.append(host)
  const drawn = mount(Arcs, {
    target: host,
    props: {
      label: words().translate.alignment,
      rows: to.map(({ text }) => text),
      columns: from.map(({ text }) => text),
      matrix: wordAlignment(attention, from, to),
      row: -1,
      onrow: () => undefined,
    },
  })
  flushSync()
  const picture = host.querySelector('svg')!
  const found = { svg: svgText(picture), size: sizeOf(picture) }
  void unmount(drawn)
  host.remove()
  return found
}
