/** A first download over a slow line: told with how much is left, taken up where it died, and in nobody's way. */
import { afterEach, beforeEach, expect, it } from 'vitest'

import { NoAnswerError } from '@/api/client'
import type { Change } from '@/api/types'
import DownloadLine from '@/components/DownloadLine.vue'
import { dropCache } from '@/db/cache'
import { enqueue } from '@/db/outbox'
import type { UserDb } from '@/db/schema'
import { useSyncStore } from '@/stores/sync'
import { createSyncEngine, type EngineStatus } from '@/sync/engine'
import { progressOf } from '@/sync/progress'

import { FakeServer, page } from '../fakeServer'
import { enqueueMany, freshDb, states, visit } from '../helpers'
import { household, world } from '../mount'

let db: UserDb
let server: FakeServer
let told: EngineStatus['firstSync'][]
let clock: number

beforeEach(async () => {
  db = await freshDb()
  server = new FakeServer()
  told = []
  clock = Date.now()
})
afterEach(() => db.delete())

const engine = () =>
  createSyncEngine({
    db, device: 'device', push: server.push, pull: server.pull, nowMs: () => clock,
    onStatus: (status) => told.at(-1) !== status.firstSync && told.push(status.firstSync),
  })

const doors = (...ids: string[]): Change[] => ids.map((id) => ({ kind: 'household', id, op: 'put', data: household(id) as unknown as Record<string, unknown> }))

function threePages(): void {
  server.pages = [
    page(doors('a', 'b'), { resync: true, more: true, cursor: 'c1', total: 5 }),
    page(doors('c', 'd'), { more: true, cursor: 'c2' }),
    page(doors('e'), { cursor: 'c3' }),
  ]
}

/** Every page takes two seconds. */
function slowly(): void {
  const take = server.pull
  server.pull = (cursor) => {
    clock += 2_000
    return take(cursor)
  }
}

it('says what has come, of how much, and how long it will still take', async () => {
  threePages()
  slowly()
  await engine().sync()
  expect(told).toEqual([
    null,
    { rows: 0, total: null, secondsLeft: null },
    { rows: 2, total: 5, secondsLeft: 3 },
    { rows: 4, total: 5, secondsLeft: 1 },
    null,
  ])
})

it('goes on where it died, and counts on', async () => {
  threePages()
  const take = server.pull
  server.pull = (cursor) => (cursor === 'c1' ? Promise.reject(new NoAnswerError('offline')) : take(cursor))
  await engine().sync()
  expect(told.at(-1)).toMatchObject({ rows: 2, total: 5 })
  told = []
  server.pull = take
  await engine().sync({ force: true })
  expect(server.pulls).toEqual(['', 'c1', 'c2'])
  expect(told[1]).toMatchObject({ rows: 2, total: 5, secondsLeft: null })
  expect(told.at(-1)).toBeNull()
  expect(await db.household.count()).toBe(5)
})

it('is told again when everything comes down anew, and never for a later one', async () => {
  threePages()
  await engine().sync()
  told = []
  server.pages = [page(doors('f'), { more: true, cursor: 'c4' }), page(doors('g'), { cursor: 'c5' })]
  await engine().sync()
  expect(told).toEqual([null])
  threePages()
  await engine().sync()
  expect(told.some((each) => each?.rows === 2 && each.total === 5)).toBe(true)
  await dropCache(db)
  expect(await db.meta.get('download')).toBeUndefined()
})

it('lets up between its pages what is recorded meanwhile', async () => {
  threePages()
  const take = server.pull
  server.pull = async (cursor) => {
    if (cursor === 'c1') await enqueueMany(db, 2)
    return take(cursor)
  }
  const order: string[] = []
  const [push, pull] = [server.push, server.pull]
  server.push = (request) => (order.push('push'), push(request))
  server.pull = (cursor) => (order.push(cursor), pull(cursor))
  await engine().sync()
  expect(order).toEqual(['', 'c1', 'push', 'c2'])
  expect(await states(db)).toEqual({ confirmed: 2 })
})

it('stops with an upload that fails, and keeps both', async () => {
  threePages()
  const take = server.pull
  server.pull = async (cursor) => {
    if (cursor === '') await enqueue(db, visit())
    return take(cursor)
  }
  server.faults = ['503']
  const sync = engine()
  await sync.sync()
  expect(sync.status()).toMatchObject({ problem: 'server', firstSync: { rows: 2, total: 5 } })
  await sync.sync({ force: true })
  expect(await states(db)).toEqual({ confirmed: 1 })
  expect(await db.household.count()).toBe(5)
})

it('foretells nothing without a total or a pace', () => {
  expect(progressOf({ rows: 10, total: null }, { rows: 10, ms: 100 }).secondsLeft).toBeNull()
  expect(progressOf({ rows: 10, total: 20 }, { rows: 0, ms: 0 }).secondsLeft).toBeNull()
  expect(progressOf({ rows: 30, total: 20 }, { rows: 30, ms: 3000 }).secondsLeft).toBe(0)
})

it('stands on the screen in words', async () => {
  const here = await world()
  const sync = useSyncStore()
  const line = here.show(DownloadLine)
  expect(line.text()).toBe('')
  const say = async (running: boolean, firstSync: EngineStatus['firstSync']) => {
    sync.status = { ...sync.status, running, firstSync }
    await line.vm.$nextTick()
    return line.text()
  }
  expect(await say(true, { rows: 0, total: null, secondsLeft: null })).toBe('正在下载本网格资料，已收到 0 条…')
  expect(await say(true, { rows: 2000, total: 8150, secondsLeft: 12 })).toBe('正在下载本网格资料：2,000 / 8,150 条，大约还要 12 秒')
  expect(await say(false, { rows: 2000, total: 8150, secondsLeft: 12 })).toContain('联网后接着下载')
  line.unmount()
  await here.db.delete()
})
