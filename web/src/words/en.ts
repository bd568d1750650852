import { help, shell, tabs, themes } from './en/shell'
import { tokens } from './en/tokens'

export const en = { tabs, themes, shell, help, tokens }
