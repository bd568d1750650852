import { arena, characters, leaderboard } from './pt/arena'
import { attention, models, translate } from './pt/models'
import { help, shell, tabs, themes, workspace } from './pt/shell'
import { mechanics } from './pt/mechanics'
import { tokens } from './pt/tokens'

export const pt = {
  tabs,
  themes,
  shell,
  help,
  workspace,
  tokens,
  arena,
  leaderboard,
  characters,
  models,
  translate,
  attention,
  mechanics,
}
