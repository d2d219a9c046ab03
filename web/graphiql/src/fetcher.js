import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { config } from './config.js';

const overHttp = createGraphiQLFetcher({
  url: config.endpoint,
  fetch: fetchJson,
  enableIncrementalDelivery: false,
});

export function fetcher(params, options) {
  const operation = operationIn(params);
  const request = operation ? { ...params, operationName: operation.name?.value } : params;
  return operation?.operation === 'subscription'
    ? overWebSocket(request, options?.headers)
    : overHttp(request, { headers: options?.headers });
}

// GraphiQL reads the operations out of the editor a moment after the last key.
// Who is faster with the button sends the name of the operation before, and
// the options hold its document: the toolkit would go by that.
function operationIn({ query, operationName }) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    // The server says better what is wrong.
    return null;
  }
}

async function fetchJson(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch {
    throw plainError(`Pitwall cannot be reached at ${url}. Is the server running?`);
  }
  // A proxy in between answers in HTML.
  if (!response.headers.get('content-type')?.includes('json')) {
    throw plainError(`No JSON from ${url} but ${response.status} ${response.statusText}`.trim());
  }
  return response;
}

// A client for each subscription, with the headers that are in the editor at
// that time. The toolkit would do the same, but it hides a lost connection
// behind retries for half a minute.
function overWebSocket(params, headers) {
  const url = new URL(config.subscriptions, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const client = createClient({
    url: url.href,
    connectionParams: { ...headers },
    retryAttempts: 0,
  });

  const events = client.iterate(params);
  const next = events.next.bind(events);
  events.next = async () => {
    try {
      return await next();
    } catch (error) {
      if (!(error instanceof CloseEvent)) throw error;
      throw plainError(`The WebSocket at ${url} closed: ${error.code} ${error.reason}`.trim());
    }
  };
  return events;
}

// GraphiQL shows an error with its stack, and a minified stack tells nobody anything.
function plainError(message) {
  const error = new Error(message);
  error.stack = undefined;
  return error;
}
