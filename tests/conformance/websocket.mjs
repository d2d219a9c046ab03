// graphql-transport-ws, message by message: node websocket.mjs WS_URL [SUBSCRIPTION]
//
// The subscription must send a first value at once and then stay open.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { run, want, within } from './probe.mjs'

const url = process.argv[2]
const subscription = process.argv[3] ?? 'subscription { dataStatusChanged { sequence } }'

const PROTOCOL = 'graphql-transport-ws'
const ANSWER_MS = 5_000
const SILENCE_MS = 1_000
// The server chooses how long it waits for connection_init.
const INIT_MS = 15_000

/** One socket, read event by event: a message, `{ closed: code }` or `{ refused: why }`. */
class Socket {
  #events = []
  #waiting = []

  constructor(protocol = PROTOCOL, headers = {}) {
    const socket = (this.socket = new WebSocket(url, protocol, { headers }))
    socket.on('message', (data) => {
      const message = JSON.parse(data)
      // A server may look whether we are still there; that answers no probe.
      if (message.type === 'ping') this.send({ type: 'pong' })
      else this.#add(message)
    })
    socket.on('close', (code) => this.#add({ closed: code }))
    this.opened = new Promise((resolve, reject) => {
      socket.on('open', resolve)
      const refuse = (refused) => {
        this.#add({ refused })
        reject(new Error(`handshake refused: ${refused}`))
      }
      socket.on('unexpected-response', (request, response) => {
        refuse(response.statusCode)
        request.destroy()
      })
      socket.on('error', (error) => refuse(error.message))
    })
    // Some probes want a refusal, and read it as an event.
    this.opened.catch(() => {})
  }

  #add(event) {
    const reader = this.#waiting.shift()
    if (reader) reader(event)
    else this.#events.push(event)
  }

  send(message) {
    this.sendRaw(JSON.stringify(message))
  }

  sendRaw(data) {
    this.socket.send(data)
  }

  subscribe(id, query, more = {}) {
    this.send({ id, type: 'subscribe', payload: { query, ...more } })
  }

  next(ms = ANSWER_MS) {
    const event =
      this.#events.length > 0
        ? this.#events.shift()
        : new Promise((resolve) => this.#waiting.push(resolve))
    return within(ms, Promise.resolve(event), 'waiting for the server')
  }

  async nextIs(type, id) {
    const event = await this.next()
    want(
      event.type === type && event.id === id,
      `wanted ${type}${id ? ` for ${id}` : ''}, got ${JSON.stringify(event)}`,
    )
    return event
  }

  /** A first value of an operation, without errors. */
  async value(id) {
    const { payload } = await this.nextIs('next', id)
    want(payload?.data && !payload.errors, `wanted data, got ${JSON.stringify(payload)}`)
    return payload.data
  }

  async closes(code, ms) {
    const event = await this.next(ms)
    want(event.closed === code, `wanted close ${code}, got ${JSON.stringify(event)}`)
  }

  async silent(except) {
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS))
    const heard = this.#events.filter((event) => event.type !== except)
    want(heard.length === 0, `wanted silence, got ${JSON.stringify(heard)}`)
  }
}

/** A probe on a socket of its own. */
function offered(script, protocol, headers) {
  return async () => {
    const socket = new Socket(protocol, headers)
    try {
      await script(socket)
    } finally {
      socket.socket.terminate()
    }
  }
}

/** ... whose handshake is over. */
function connected(script, headers) {
  return offered(
    async (socket) => {
      await within(ANSWER_MS, socket.opened, 'the handshake')
      await script(socket)
    },
    PROTOCOL,
    headers,
  )
}

/** ... which the server has acknowledged. */
function acked(script, headers) {
  return connected(async (socket) => {
    socket.send({ type: 'connection_init' })
    await socket.nextIs('connection_ack')
    await script(socket)
  }, headers)
}

/** ... which the server must not take, and say so in one of these ways. */
function refused(protocol, headers, isRefusal) {
  return offered(
    async (socket) => {
      const event = await socket.next()
      want(isRefusal(event), `wanted a refusal, got ${JSON.stringify(event)}`)
    },
    protocol,
    headers,
  )
}

/** Closed, refused in the handshake, or left without the protocol asked for, which ends it too. */
function wrongProtocol({ closed, refused }) {
  const status = refused >= 400 && refused < 500 && refused !== 404
  return closed === 4406 || status || refused === 'Server sent no subprotocol'
}

async function realClient() {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const closed = new Promise((resolve) => client.on('closed', resolve))
  const first = await within(
    ANSWER_MS,
    new Promise((resolve, reject) => {
      let value
      const stop = client.subscribe(
        { query: subscription },
        {
          next: (result) => {
            value ??= result
            stop()
          },
          error: reject,
          complete: () => resolve(value),
        },
      )
    }),
    'graphql-ws',
  )
  want(first?.data && !first.errors, `wanted data, got ${JSON.stringify(first)}`)
  await client.dispose()
  const { code } = await within(ANSWER_MS, closed, 'closing')
  want(code === 1000, `wanted close 1000, got ${code}`)
}

await run('websocket', {
  'connection_init is acknowledged': acked(async () => {}),
  'a second connection_init closes with 4429': acked(async (socket) => {
    socket.send({ type: 'connection_init' })
    await socket.closes(4429)
  }),
  'subscribe before the acknowledgement closes with 4401': connected(async (socket) => {
    socket.subscribe('1', '{ __typename }')
    await socket.closes(4401)
  }),
  'no connection_init closes with 4408': connected((socket) => socket.closes(4408, INIT_MS)),
  'invalid JSON closes with 4400': connected(async (socket) => {
    socket.sendRaw('{"type":')
    await socket.closes(4400)
  }),
  'an unknown message type closes with 4400': connected(async (socket) => {
    socket.send({ type: 'start' })
    await socket.closes(4400)
  }),
  'a subscribe without id closes with 4400': acked(async (socket) => {
    socket.subscribe(undefined, '{ __typename }')
    await socket.closes(4400)
  }),
  'a binary frame closes with 4400': connected(async (socket) => {
    socket.sendRaw(Buffer.from('{"type":"connection_init"}'))
    await socket.closes(4400)
  }),
  'a ping is answered by a pong': acked(async (socket) => {
    socket.send({ type: 'ping', payload: { at: 1 } })
    await socket.nextIs('pong')
  }),
  'a query gets next and complete': acked(async (socket) => {
    socket.subscribe('1', 'query A { a: __typename } query B { b: __typename }', {
      operationName: 'B',
    })
    want((await socket.value('1')).b, 'wanted the operation named')
    await socket.nextIs('complete', '1')
  }),
  'a subscription gets its first value at once and stays open': acked(async (socket) => {
    socket.subscribe('1', subscription)
    await socket.value('1')
    await socket.silent('next')
  }),
  'a document that does not parse gets an error and no next': acked(async (socket) => {
    socket.subscribe('1', '{')
    const { payload } = await socket.nextIs('error', '1')
    want(payload?.[0]?.message, `wanted a list of errors, got ${JSON.stringify(payload)}`)
    await socket.silent()
  }),
  'an invalid document gets an error and no next': acked(async (socket) => {
    socket.subscribe('1', '{ noSuchField }')
    const { payload } = await socket.nextIs('error', '1')
    want(payload?.[0]?.message, `wanted a list of errors, got ${JSON.stringify(payload)}`)
    await socket.silent()
  }),
  'an id in use closes with 4409': acked(async (socket) => {
    socket.subscribe('1', subscription)
    await socket.value('1')
    socket.subscribe('1', subscription)
    await socket.closes(4409)
  }),
  'after a complete the server is silent and the id is free': acked(async (socket) => {
    socket.subscribe('1', subscription)
    await socket.value('1')
    socket.send({ id: '1', type: 'complete' })
    await socket.silent()
    socket.subscribe('1', subscription)
    await socket.value('1')
  }),
  'the older protocol graphql-ws is refused': refused('graphql-ws', {}, wrongProtocol),
  'a socket without protocol is refused': refused([], {}, wrongProtocol),
  'a page of another site is refused with 403': refused(
    PROTOCOL,
    { Origin: 'https://elsewhere.example' },
    (event) => event.refused === 403,
  ),
  'a page of this site is let in': acked(async () => {}, {
    Origin: new URL(url.replace(/^ws/, 'http')).origin,
  }),
  'the client graphql-ws subscribes and leaves': realClient,
})
