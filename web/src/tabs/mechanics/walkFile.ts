/** A whole walk as one file of HTML: every frame's picture and numbers, moved through with Space, and nothing else. */

import { flushSync, mount, unmount } from 'svelte'
import type { Walk } from '../../api/walk'
import { escaped, htmlTable, page } from '../../export/page'
import { svgText } from '../../export/picture'
import { preferences } from '../../state/preferences.svelte'
import { figure, words } from '../../words'
import { sceneOf } from './scenes'
import Stage from './Stage.svelte'
import { formulasOf, sentenceOf, telling, titleOf } from './telling'
import { namesOf, numbersOf, tableShape } from './values'

const STYLE = `body{max-width:none;margin:1rem 2rem}figure{margin:0;overflow-x:auto}nav{display:flex;gap:1rem;align-items:center;position:sticky;top:0;background:inherit;padding:.5rem 0}
nav input{flex:1;max-width:40rem}button{font:inherit;padding:.3rem .9rem}section[hidden]{display:none}details div{overflow:auto;max-height:60vh}`

const SCRIPT = `const frames=[...document.querySelectorAll('section')],slider=document.querySelector('input'),told=document.querySelector('output');
let now=0;function show(to){now=Math.max(0,Math.min(frames.length-1,to));frames.forEach((f,i)=>f.hidden=i!==now);slider.value=now;told.textContent=(now+1)+' / '+frames.length}
document.querySelector('#back').onclick=()=>show(now-1);document.querySelector('#on').onclick=()=>show(now+1);slider.oninput=()=>show(+slider.value);
document.addEventListener('keydown',e=>{if(e.target.closest('summary'))return;if(e.key===' '){e.preventDefault();show(now+(e.shiftKey?-1:1))}else if(e.key==='ArrowRight')show(now+1);else if(e.key==='ArrowLeft')show(now-1)});show(0)`

/** Numbers of a frame that the file carries as tables: larger ones would make it tens of megabytes. */
const MOST = 400

export function walkFile(walk: Walk, title: string, layer: number, head: number | undefined): string {
  const w = words()
  const frames = walk.frames.map((_, place) => section(walk, place, layer, head))
  const body = `<h1>${escaped(title)}</h1>
<nav><button id="back">‹</button><input type="range" min="0" max="${frames.length - 1}" value="0" aria-label="${escaped(w.mechanics.frame)}"><button id="on">›</button><output></output></nav>
${frames.join('\n')}`
  return page({ title, language: preferences.language, style: STYLE + themed(), body, script: SCRIPT })
}

function section(walk: Walk, place: number, layer: number, head: number | undefined): string {
  const frame = walk.frames[place]!
  const heading = titleOf(frame)
  return `<section${place > 0 ? ' hidden' : ''} aria-label="${escaped(heading)}"><figure>${drawn(walk, place, layer, head)}</figure>
<details><summary>${escaped(words().shell.twin)}</summary><div>${tables(walk, place)}</div></details></section>`
}

/** The frame drawn out of sight, and taken as text. */
export function drawn(walk: Walk, place: number, layer: number, head: number | undefined): string {
  const frame = walk.frames[place]!
  const host = document.createElement('div')
  host.className = 'hidden'
  document.body.append(host)
  const stage = mount(Stage, {
    target: host,
    props: {
      scene: sceneOf(walk, place, telling(layer, head)),
      title: titleOf(frame),
      sentence: sentenceOf(walk, frame),
      equations: formulasOf(frame),
    },
  })
  flushSync()
  const text = svgText(host.querySelector('svg')!)
  void unmount(stage)
  host.remove()
  return text
}

function tables(walk: Walk, place: number): string {
  const frame = walk.frames[place]!
  const choices = Object.entries(frame.choices).map(([way, list]) =>
    htmlTable(
      way,
      [words().mechanics.token, words().mechanics.probability],
      list.map(({ token, probability }) => [token, figure(probability)]),
    ),
  )
  const values = Object.entries(frame.values).map(([name, value]) => {
    const numbers = numbersOf(walk, value)
    const [rows, columns] = tableShape(numbers)
    if (numbers.data.length > MOST) return `<p>${escaped(name)}: ${numbers.shape.join(' × ')}</p>`
    return htmlTable(
      name,
      ['', ...namesOf(walk, numbers.axes.at(-1), columns)],
      Array.from({ length: rows }, (_, row) => [
        rows > 1 ? (namesOf(walk, numbers.axes.at(-2), rows)[row] ?? '') : '',
        ...numbers.data.slice(row * columns, (row + 1) * columns).map(figure),
      ]),
    )
  })
  return [...choices, ...values].join('\n')
}

function themed(): string {
  const style = getComputedStyle(document.documentElement)
  return `body,nav{background:${style.getPropertyValue('--surface')};color:${style.getPropertyValue('--ink')}}`
}
