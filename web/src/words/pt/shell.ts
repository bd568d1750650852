import type { Words } from '..'

export const tabs: Words['tabs'] = {
  tokens: 'Tokens',
  arena: 'Arena',
  leaderboard: 'Classificação',
  characters: 'Caracteres',
  translate: 'Traduzir',
  attention: 'Atenção',
  mechanics: 'Mecânica',
}

export const themes: Words['themes'] = {
  auto: 'Cores do sistema',
  light: 'Claro',
  dark: 'Escuro',
  contrast: 'Alto contraste',
}

export const shell: Words['shell'] = {
  skip: 'Ir para o conteúdo',
  views: 'Vistas',
  language: 'Idioma',
  theme: 'Cores',
  close: 'Fechar',
  again: 'Tentar de novo',
  export: 'Exportar',
  busy: 'Calculando…',
  twin: 'O mesmo em tabela',
  saveView: 'Esta vista (um arquivo HTML)',
  noPicture: 'O navegador não fez a figura.',
  unreachable: 'O estúdio não responde. Ele ainda está rodando? Inicie-o com “atento studio”.',
  stop: 'Parar',
  search: 'Buscar',
  previous: 'Anterior',
  next: 'Próxima',
  rows: (first, last, total) => `${first}–${last} de ${total}`,
  none: 'Nada encontrado.',
  tooLong: (length, limit) => `O texto tem ${length} caracteres; o estúdio mostra até ${limit}. Ele não foi aceito.`,
  longLink: 'Este texto é longo demais para o endereço da página: um link mostra o resto desta vista, não o texto.',
  flagged: 'marcada',
  stopped: 'Interrompido.',
}

export const help: Words['help'] = {
  title: 'Ajuda',
  about:
    'O estúdio mostra o que um tokenizador ou um modelo treinado faz, com os números dele. O endereço da página guarda tudo o que você escolheu: copie-o para voltar à mesma vista.',
  keys: 'Teclas',
  space: 'Espaço',
  actions: [
    'o token anterior ou seguinte',
    'a camada abaixo ou acima',
    'a cabeça anterior ou seguinte',
    'um passo de uma reprodução ou de um percurso (com Shift: para trás)',
    'buscar',
    'exportar',
    'esta ajuda',
  ],
  single: 'Atalhos de uma só tecla (desligue se usar ditado)',
  local: 'Tudo acontece neste computador. A página não carrega nada de fora e não envia nada.',
}

export const workspace: Words['workspace'] = {
  another: 'Abrir outro tokenizador do espaço de trabalho',
  path: 'Caminho dentro do espaço de trabalho',
  name: 'Nome (pode ficar vazio)',
  pattern: 'Como divide em palavras',
  add: 'Abrir',
  refused: 'Estes estão no espaço de trabalho e não podem ser abertos:',
}
