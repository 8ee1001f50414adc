/**
 * The alert socket: connects with the last sequence seen, so the server sends what was missed before what is live; reconnects
 * with backoff; counts a silent line as a broken one. It carries no state of its own that a reload would miss.
 */
import { backoffDelay } from '@/lib/backoff'

import { dispatch } from './dispatch'
import { parseFrame } from './events'
import type { AlertEvent } from '@/api/types'

const DEFAULT_HEARTBEAT_S = 20
const CLOSE_NO_SESSION = 4401
const CLOSE_SIGNED_OUT = 4003
const MAX_DELAY_MS = 30_000

export type SocketState = 'off' | 'connecting' | 'live' | 'waiting'

export interface SocketDeps {
  /** Highest sequence already applied. */
  after: () => number
  onEvent: (event: AlertEvent) => void
  /** Caught up: everything missed has been delivered. */
  onLive: () => void
  onState: (state: SocketState) => void
  onDutiesChanged: () => void
  onSignedOut: () => void
  makeSocket?: (url: string) => WebSocket
  random?: () => number
}

export interface AlertSocket {
  start: () => void
  stop: () => void
  /** The network may be back: do not wait out the delay. */
  nudge: () => void
}

export function createAlertSocket(deps: SocketDeps): AlertSocket {
  const makeSocket = deps.makeSocket ?? ((url: string) => new WebSocket(url))
  let socket: WebSocket | null = null
  let wanted = false
  let attempts = 0
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let heartbeat = DEFAULT_HEARTBEAT_S

  function listen(): void {
    clearTimeout(silence)
    silence = setTimeout(giveUpLine, heartbeat * 2500)
  }

  /** A dead line may take minutes to say that it is closed: it is left alone and a new one opened. */
  function giveUpLine(): void {
    const silent = socket
    socket = null
    silent?.close(4000, 'silent')
    later()
  }

  function later(): void {
    clearTimeout(retry)
    if (!wanted) return
    deps.onState('waiting')
    retry = setTimeout(connect, Math.min(MAX_DELAY_MS, backoffDelay(attempts, deps.random)))
    attempts += 1
  }

  function connect(): void {
    clearTimeout(retry)
    if (!wanted || socket) return
    deps.onState('connecting')
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const opened = makeSocket(`${scheme}://${location.host}/ws/alerts/?after=${deps.after()}`)
    socket = opened
    opened.onmessage = (message: MessageEvent) => {
      if (socket !== opened) return
      const frame = parseFrame(message.data)
      if (frame?.type === 'hello') heartbeat = frame.heartbeat_seconds || DEFAULT_HEARTBEAT_S
      listen()
      if (!frame) return
      dispatch(frame, {
        event: deps.onEvent,
        live() {
          attempts = 0
          deps.onState('live')
          deps.onLive()
        },
        ping: () => opened.send(JSON.stringify({ type: 'pong' })),
        dutiesChanged: deps.onDutiesChanged,
        signedOut: deps.onSignedOut,
      })
    }
    opened.onclose = (event: CloseEvent) => {
      if (socket !== opened) return
      socket = null
      clearTimeout(silence)
      if (event.code === CLOSE_NO_SESSION || event.code === CLOSE_SIGNED_OUT) {
        wanted = false
        deps.onState('off')
        deps.onSignedOut()
      } else {
        later()
      }
    }
    listen()
  }

  return {
    start() {
      wanted = true
      attempts = 0
      connect()
    },
    stop() {
      wanted = false
      clearTimeout(retry)
      clearTimeout(silence)
      const open = socket
      socket = null
      open?.close(1000)
      deps.onState('off')
    },
    nudge() {
      if (wanted && !socket) {
        attempts = 0
        connect()
      }
    },
  }
}
