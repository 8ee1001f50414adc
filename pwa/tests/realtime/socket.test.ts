import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { AlertEvent } from '@/api/types'
import { dispatch } from '@/realtime/dispatch'
import { parseFrame } from '@/realtime/events'
import { createAlertSocket, type SocketState } from '@/realtime/socket'

class FakeSocket {
  static all: FakeSocket[] = []
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  sent: string[] = []
  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(code = 1000): void {
    this.onclose?.({ code } as CloseEvent)
  }
  frame(value: unknown): void {
    this.onmessage?.({ data: typeof value === 'string' ? value : JSON.stringify(value) } as MessageEvent)
  }
}

const event = (seq: number): AlertEvent => ({ seq, type: 'raised', alert: 'a', at: '', region: '22', rule: 'fever', severity: 'urgent', title: '发热', place: '501' })

function setup(after = 7) {
  const seen = { events: [] as number[], live: 0, states: [] as SocketState[], signedOut: 0, duties: 0 }
  const socket = createAlertSocket({
    after: () => after,
    onEvent: (each) => seen.events.push(each.seq),
    onLive: () => (seen.live += 1),
    onState: (state) => seen.states.push(state),
    onDutiesChanged: () => (seen.duties += 1),
    onSignedOut: () => (seen.signedOut += 1),
    makeSocket: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => 0,
  })
  return { socket, seen }
}

beforeEach(() => {
  FakeSocket.all = []
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

describe('the alert socket', () => {
  it('asks for what it has not seen, delivers, answers pings', () => {
    const { socket, seen } = setup()
    socket.start()
    const line = FakeSocket.all[0]!
    expect(line.url).toContain('/ws/alerts/?after=7')
    line.frame({ type: 'hello', last_seq: 8, heartbeat_seconds: 20 })
    line.frame({ type: 'event', event: event(8) })
    line.frame({ type: 'live' })
    line.frame({ type: 'ping', at: '' })
    expect(seen.events).toEqual([8])
    expect(seen.live).toBe(1)
    expect(line.sent).toEqual(['{"type":"pong"}'])
    expect(seen.states).toEqual(['connecting', 'live'])
  })

  it('comes back after a break, and after silence', () => {
    const { socket } = setup()
    socket.start()
    FakeSocket.all[0]!.close(1006)
    vi.advanceTimersByTime(5000)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.all[1]!.frame({ type: 'hello', last_seq: 0, heartbeat_seconds: 1 })
    vi.advanceTimersByTime(6000)
    expect(FakeSocket.all.length).toBeGreaterThan(2)
  })

  it('does not knock again without a session', () => {
    const { socket, seen } = setup()
    socket.start()
    FakeSocket.all[0]!.close(4401)
    vi.advanceTimersByTime(600_000)
    expect(FakeSocket.all).toHaveLength(1)
    expect(seen.signedOut).toBe(1)
  })

  it('reconnects at once when nudged', () => {
    const { socket } = setup()
    socket.start()
    FakeSocket.all[0]!.close(1006)
    socket.nudge()
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('stays closed when stopped', () => {
    const { socket } = setup()
    socket.start()
    socket.stop()
    vi.advanceTimersByTime(600_000)
    expect(FakeSocket.all).toHaveLength(1)
  })
})

describe('frames', () => {
  it('that are nonsense are ignored', () => {
    for (const bad of ['', 'x', 'null', '7', '{}', '{"type":"new"}', '{"type":"event"}', '{"type":"event","event":{"seq":"1"}}', new ArrayBuffer(1)]) expect(parseFrame(bad)).toBeNull()
  })

  it('reach their handler', () => {
    const handlers = { event: vi.fn(), live: vi.fn(), ping: vi.fn(), dutiesChanged: vi.fn(), signedOut: vi.fn() }
    dispatch({ type: 'hello', last_seq: 1, heartbeat_seconds: 20 }, handlers)
    dispatch({ type: 'event', event: event(1) }, handlers)
    dispatch({ type: 'live' }, handlers)
    dispatch({ type: 'ping', at: '' }, handlers)
    dispatch({ type: 'bye', code: 'duties_changed' }, handlers)
    dispatch({ type: 'bye', code: 'signed_out' }, handlers)
    for (const handler of Object.values(handlers)) expect(handler).toHaveBeenCalledOnce()
  })
})
