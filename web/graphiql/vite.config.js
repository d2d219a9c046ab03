import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

export default defineConfig({
  base: '/graphiql/',
  resolve: {
    alias: {
      // What is smaller here than what GraphiQL brings: each file says how.
      'monaco-editor/esm/vs/editor/edcore.main.js': source('monaco.js'),
      'prettier/plugins/estree': source('jsonc.js'),
      'prettier/parser-babel': source('jsonc.js'),
      // The same file under its old name, which would be bundled twice.
      'prettier/parser-graphql': 'prettier/plugins/graphql',
    },
  },
  build: {
    license: { fileName: 'licenses.md' },
    // The page always needs the whole of Monaco.
    chunkSizeWarningLimit: 4096,
    // Monaco's styles come with it later, but have to stand before GraphiQL's.
    cssCodeSplit: false,
    rolldownOptions: {
      // "use client" in a library means nothing to a page without server rendering.
      checks: { moduleLevelDirective: false },
      output: {
        // Few files: the page, the editor, and what formatting needs once asked for.
        codeSplitting: {
          groups: [
            { name: 'format', test: /\/node_modules\/prettier\/|\/src\/jsonc\.js$/ },
            { name: 'monaco', test: /\/node_modules\/monaco-editor\/|\/src\/monaco\.js$/ },
            { name: 'index', test: /./ },
          ],
        },
      },
    },
  },
});
