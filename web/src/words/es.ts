import { arena, characters, leaderboard } from './es/arena'
import { attention, models, translate } from './es/models'
import { help, shell, tabs, themes, workspace } from './es/shell'
import { mechanics } from './es/mechanics'
import { tokens } from './es/tokens'

export const es = {
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
