import type { Words } from '..'

export const tabs: Words['tabs'] = {
  tokens: 'Tokens',
  arena: 'Arena',
  leaderboard: 'Clasificación',
  characters: 'Caracteres',
  translate: 'Traducir',
  attention: 'Atención',
  mechanics: 'Mecánica',
}

export const themes: Words['themes'] = {
  auto: 'Colores del sistema',
  light: 'Claro',
  dark: 'Oscuro',
  contrast: 'Alto contraste',
}

export const shell: Words['shell'] = {
  skip: 'Ir al contenido',
  views: 'Vistas',
  language: 'Idioma',
  theme: 'Colores',
  close: 'Cerrar',
  again: 'Intentar de nuevo',
  export: 'Exportar',
  busy: 'Calculando…',
  twin: 'Lo mismo en tabla',
  saveView: 'Esta vista (un archivo HTML)',
  noPicture: 'El navegador no hizo la figura.',
  unreachable: 'El estudio no responde. ¿Sigue en marcha? Inícielo con «atento studio».',
  stop: 'Parar',
  search: 'Buscar',
  previous: 'Anterior',
  next: 'Siguiente',
  rows: (first, last, total) => `${first}–${last} de ${total}`,
  none: 'No se encontró nada.',
  tooLong: (length, limit) => `El texto tiene ${length} caracteres; el estudio muestra hasta ${limit}. No se aceptó.`,
  longLink:
    'Este texto es demasiado largo para la dirección de la página: un enlace muestra el resto de esta vista, no el texto.',
  flagged: 'marcada',
  stopped: 'Interrumpido.',
}

export const help: Words['help'] = {
  title: 'Ayuda',
  about:
    'El estudio muestra lo que hace un tokenizador o un modelo entrenado, con sus propios números. La dirección de la página guarda todo lo que eligió: cópiela para volver a la misma vista.',
  keys: 'Teclas',
  space: 'Espacio',
  actions: [
    'el token anterior o siguiente',
    'la capa inferior o superior',
    'la cabeza anterior o siguiente',
    'un paso de una reproducción o de un recorrido (con Mayús: hacia atrás)',
    'buscar',
    'exportar',
    'esta ayuda',
  ],
  single: 'Atajos de una sola tecla (desactívelos si dicta)',
  local: 'Todo ocurre en este ordenador. La página no carga nada de fuera ni envía nada.',
}

export const workspace: Words['workspace'] = {
  another: 'Abrir otro tokenizador del espacio de trabajo',
  path: 'Ruta dentro del espacio de trabajo',
  name: 'Nombre (puede quedar vacío)',
  pattern: 'Cómo divide en palabras',
  add: 'Abrir',
  refused: 'Estos están en el espacio de trabajo y no se pueden abrir:',
}
