import { help, shell, tabs, themes } from './es/shell'
import { tokens } from './es/tokens'

export const es = { tabs, themes, shell, help, tokens }
