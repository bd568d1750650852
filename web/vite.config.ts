import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds a running `atento studio`. */
const studio = process.env['ATENTO_STUDIO'] ?? 'http://127.0.0.1:8765'

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../src/atento/studio/page',
    emptyOutDir: true,
    target: 'es2022',
    // The studio's content security policy allows files of its own only: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // The Host that the browser names goes on as it is: the studio refuses a request whose Origin is another host's.
  server: { proxy: { '/api': { target: studio, changeOrigin: false } } },
})
