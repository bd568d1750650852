import { arena, characters, leaderboard } from './en/arena'
import { attention, models, translate } from './en/models'
import { help, shell, tabs, themes, workspace } from './en/shell'
import { mechanics } from './en/mechanics'
import { tokens } from './en/tokens'

export const en = {
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
