// GraphQL over server-sent events, distinct connections mode: node sse.mjs URL [SUBSCRIPTION]
//
// The subscription must send a first value at once and then stay open.
import { createClient } from 'graphql-sse'
import { run, want, within } from './probe.mjs'

const url = process.argv[2]
const subscription = process.argv[3] ?? 'subscription { dataStatusChanged { sequence } }'
const ANSWER_MS = 5_000

/** The results of an operation by the real client, at most so many. */
async function results(query, most = Infinity) {
  const client = createClient({ url, singleConnection: false, retryAttempts: 0 })
  const collect = async () => {
    const got = []
    for await (const result of client.iterate({ query })) {
      got.push(result)
      if (got.length === most) break
    }
    return got
  }
  try {
    return await within(ANSWER_MS, collect(), 'the event stream')
  } finally {
    client.dispose()
  }
}

/** The events of a stream that ends by itself, read without a client. */
async function events(address, options = {}) {
  const response = await fetch(address, {
    ...options,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const type = response.headers.get('content-type')
  want(response.status === 200, `wanted status 200, got ${response.status}`)
  want(/^text\/event-stream\b/.test(type), `wanted text/event-stream, got ${type}`)
  const names = [...(await response.text()).matchAll(/^event: ?(.*)$/gm)].map(([, name]) => name)
  want(names.join() === 'next,complete', `wanted next and complete, got ${names}`)
}

await run('sse', {
  'a query gets next and complete': async () => {
    const got = await results('{ __typename }')
    want(got.length === 1 && got[0].data?.__typename, `got ${JSON.stringify(got)}`)
  },
  'a subscription gets its first value at once': async () => {
    const [first] = await results(subscription, 1)
    want(first?.data && !first.errors, `got ${JSON.stringify(first)}`)
  },
  // The protocol wants it in the stream, since EventSource hides the body of a failed request.
  'an invalid document gets its errors in the stream': async () => {
    const got = await results('{ noSuchField }')
    want(got.length === 1 && got[0].errors?.[0]?.message, `got ${JSON.stringify(got)}`)
  },
  'POST answers text/event-stream': () =>
    events(url, { method: 'POST', body: JSON.stringify({ query: '{ __typename }' }) }),
  'GET answers text/event-stream': () => events(`${url}?query=${encodeURIComponent('{ __typename }')}`),
})
