// A plugin for Prettier that formats JSON with comments. GraphiQL tidies the
// variables and headers with Prettier's own one, which brings all of Babel (half
// a megabyte) for it; see the aliases in vite.config.js.
import { applyEdits, format } from 'jsonc-parser';

export const parsers = {
  jsonc: {
    astFormat: 'jsonc-text',
    parse: (text) => ({ text }),
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers = {
  'jsonc-text': {
    print: ({ node: { text } }) =>
      applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 })),
  },
};
