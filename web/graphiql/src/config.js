// What the server wrote into the page in place of the marker; the marker
// itself is still there when the page is opened without the server.
const written = document.getElementById('pitwall').textContent.replace('/*CONFIG*/', '');

const {
  endpoint = '/graphql',
  subscriptions = '/graphql/ws',
  examples = [],
} = JSON.parse(written);

// GraphiQL names a tab after its operation, so a title goes into the text.
function tab({ title, query, variables, headers }) {
  const text = title && !query.startsWith('#') ? `# ${title}\n\n${query}` : query;
  return { query: text, variables, headers };
}

export const config = {
  endpoint,
  subscriptions,
  // No examples: GraphiQL opens one tab with its own words of welcome.
  examples: examples.length > 0 ? examples.map(tab) : undefined,
};
