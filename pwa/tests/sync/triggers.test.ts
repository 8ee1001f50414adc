import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { SyncEngine, SyncOptions } from '@/sync/engine'
import { startTriggers, type Triggers } from '@/sync/triggers'

let runs: SyncOptions[]
let dueAt: number | null
let triggers: Triggers
let visible: DocumentVisibilityState

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_000_000 })
  runs = []
  dueAt = null
  visible = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visible)
  const engine = { sync: (options: SyncOptions) => Promise.resolve(void runs.push(options)), nextWake: () => Promise.resolve(dueAt) }
  triggers = startTriggers(engine as unknown as SyncEngine)
  await vi.advanceTimersByTimeAsync(0)
})

afterEach(() => {
  triggers.stop()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

it('begins at the start, whatever waits were running', () => {
  expect(runs).toEqual([{ force: true, pull: 'always' }])
})

it.each([
  ['the network is back', () => window.dispatchEvent(new Event('online')), { force: true, pull: 'always' }],
  ['the window has the focus', () => window.dispatchEvent(new Event('focus')), { force: true }],
  ['the app is in front', () => document.dispatchEvent(new Event('visibilitychange')), { force: true }],
])('goes on when %s', async (_when, happens, options) => {
  happens()
  await vi.advanceTimersByTimeAsync(0)
  expect(runs.slice(1)).toEqual([options])
})

it('goes on every minute while it is in front, and asks for no wait to be over', async () => {
  await vi.advanceTimersByTimeAsync(120_000)
  expect(runs.slice(1)).toEqual([{}, {}])
  visible = 'hidden'
  await vi.advanceTimersByTimeAsync(120_000)
  expect(runs).toHaveLength(3)
})

it('goes on when the earliest record may go, also when one was saved meanwhile', async () => {
  dueAt = Date.now() + 10_000
  triggers.poke()
  await vi.advanceTimersByTimeAsync(9_000)
  expect(runs).toHaveLength(1)
  dueAt = Date.now() + 500
  triggers.poke()
  await vi.advanceTimersByTimeAsync(600)
  expect(runs).toHaveLength(2)
})

it('ends with its user', async () => {
  dueAt = Date.now() + 1_000
  triggers.poke()
  triggers.stop()
  for (const event of ['online', 'focus']) window.dispatchEvent(new Event(event))
  await vi.advanceTimersByTimeAsync(120_000)
  expect(runs).toHaveLength(1)
})
