import { help, shell, tabs, themes } from './pt/shell'
import { tokens } from './pt/tokens'

export const pt = { tabs, themes, shell, help, tokens }
