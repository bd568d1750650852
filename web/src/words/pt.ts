import { arena, characters, leaderboard } from './pt/arena'
import { attention, models, translate } from './pt/models'
import { help, shell, tabs, themes } from './pt/shell'
import { mechanics } from './pt/mechanics'
import { tokens } from './pt/tokens'

export const pt = {
  tabs,
  themes,
  shell,
  help,
  tokens,
  arena,
  leaderboard,
  characters,
  models,
  translate,
  attention,
  mechanics,
}
