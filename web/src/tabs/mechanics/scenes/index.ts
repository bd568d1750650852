/** The scene of a walk's frame. */

import type { Walk } from '../../../api/walk'
import type { Scene, Telling } from '../scene'
import { attentionScene } from './attention'
import { blockScene } from './block'
import { decodingScene } from './decoding'
import { encodingScene } from './encoding'
import { generationScene } from './generation'
import { headScene } from './head'
import { positionsScene } from './positions'
import { readingScene } from './reading'

export function sceneOf(walk: Walk, now: number, telling: Telling): Scene {
  switch (walk.kind) {
    case 'reading':
      return readingScene(walk, now, telling)
    case 'generation':
      return generationScene(walk, now, telling)
    case 'attention':
      return attentionScene(walk, now, telling)
    case 'encoding':
      return encodingScene(walk, now, telling)
    case 'decoding':
      return decodingScene(walk, now, telling)
    case 'head':
      return headScene(walk, now, telling)
    case 'block':
      return blockScene(walk, now, telling)
    case 'positions':
      return positionsScene(walk, now, telling)
  }
}
