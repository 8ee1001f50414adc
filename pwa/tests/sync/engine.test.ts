import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/api/client'
import { applyPage, readCursor } from '@/db/cache'
import { enqueue, withdraw } from '@/db/outbox'
import type { UserDb } from '@/db/schema'
import { newId } from '@/lib/ids'
import { createSyncEngine, type EngineStatus } from '@/sync/engine'

import { FakeServer, page } from '../fakeServer'
import { enqueueMany, freshDb, states, visit } from '../helpers'

let db: UserDb
let server: FakeServer
let clock: number
let signedOut: number
let last: EngineStatus | null

function engine() {
  return createSyncEngine({
    db,
    device: 'device',
    push: server.push,
    pull: server.pull,
    nowMs: () => clock,
    random: () => 0.5,
    onStatus: (status) => (last = status),
    onSignedOut: () => (signedOut += 1),
  })
}

beforeEach(async () => {
  db = await freshDb()
  server = new FakeServer()
  clock = Date.now() + 1000
  signedOut = 0
  last = null
})
afterEach(() => db.delete())

describe('upload', () => {
  it('sends everything once, oldest first, in batches of 100, and forgets what was typed', async () => {
    await enqueueMany(db, 130)
    await engine().sync()
    expect(server.batches.map((batch) => batch.length)).toEqual([100, 30])
    expect(server.order).toEqual([...server.order].sort((a, b) => a - b))
    expect(await states(db)).toEqual({ confirmed: 130 })
    expect((await db.outbox.toArray()).every((row) => row.body === undefined)).toBe(true)
  })

  it('leaves a record alone while it can be taken back', async () => {
    const held = await enqueue(db, visit({ holdMs: 10_000 }))
    const sync = engine()
    await sync.sync()
    expect(server.stored.size).toBe(0)
    expect(await sync.nextWake()).toBe(held.holdUntil)
    clock = held.holdUntil
    await sync.sync()
    expect(server.stored.size).toBe(1)
  })

  it('is not held for ever by a clock set back', async () => {
    await enqueue(db, visit({ holdMs: 10_000 }))
    clock = Date.now() - 3 * 86_400_000
    await engine().sync()
    expect(server.stored.size).toBe(1)
  })

  it('sends the same id again when the answer was lost: a duplicate is done', async () => {
    const [row] = await enqueueMany(db, 1)
    server.faults = ['lost-answer']
    const sync = engine()
    await sync.sync()
    expect(await states(db)).toEqual({ waiting: 1 })
    await sync.sync({ force: true })
    expect(server.batches).toEqual([[row!.id], [row!.id]])
    expect(server.stored.size).toBe(1)
    expect((await db.outbox.get(row!.id))?.verdict).toBe('duplicate')
  })

  it('runs once across tabs: what one is sending, the other leaves alone', async () => {
    const [row] = await enqueueMany(db, 1)
    let answer = (): void => undefined
    server.onPush = () => new Promise<void>((resolve) => (answer = resolve))
    const first = engine().sync()
    await vi.waitFor(() => expect(server.batches).toHaveLength(1))
    const second = engine().sync()
    await new Promise((done) => setTimeout(done, 50))
    expect(server.batches).toEqual([[row!.id]])
    answer()
    await Promise.all([first, second])
    expect(server.batches).toHaveLength(1)
    expect(await states(db)).toEqual({ confirmed: 1 })
  })

  it('takes up what a killed tab left half sent', async () => {
    const [row] = await enqueueMany(db, 1)
    await db.outbox.update(row!.id, { state: 'sending' })
    await engine().sync()
    expect(await states(db)).toEqual({ confirmed: 1 })
  })

  it('puts a rejected record into the inbox and never sends it by itself again', async () => {
    const rows = await enqueueMany(db, 3)
    server.reject.set(rows[1]!.id, { code: 'unknown_household', field: 'body.household', message: '找不到这户' })
    const sync = engine()
    await sync.sync()
    await sync.sync({ force: true })
    expect(await states(db)).toEqual({ confirmed: 2, 'needs-you': 1 })
    expect(server.batches).toHaveLength(1)
    const inbox = await db.outbox.get(rows[1]!.id)
    expect(inbox).toMatchObject({ code: 'unknown_household', message: '找不到这户' })
    expect(inbox?.body).toBeDefined()
  })

  it('pauses at 401, asks once, keeps the queue, and goes on after sign-in', async () => {
    await enqueueMany(db, 2)
    server.faults = ['401']
    const sync = engine()
    await sync.sync()
    await sync.sync({ force: true })
    expect(signedOut).toBe(1)
    expect(server.batches).toHaveLength(1)
    expect(await states(db)).toEqual({ waiting: 2 })
    sync.resume()
    await sync.sync()
    expect(await states(db)).toEqual({ confirmed: 2 })
  })

  it('halves at 413 until it fits, and asks about a single record that never will', async () => {
    await enqueueMany(db, 10)
    server.maxItems = 3
    await engine().sync()
    expect(await states(db)).toEqual({ confirmed: 10 })
    server.maxItems = 0
    await enqueueMany(db, 1)
    await engine().sync()
    expect(await states(db)).toEqual({ confirmed: 10, 'needs-you': 1 })
  })

  it('waits after a captive portal, longer each time, and not when told to go', async () => {
    await enqueueMany(db, 1)
    server.faults = ['html-200', 'html-200']
    const sync = engine()
    await sync.sync()
    expect(last?.problem).toBe('not_ours')
    await sync.sync()
    expect(server.batches).toHaveLength(1)
    const first = (await sync.nextWake())! - clock
    await sync.sync({ force: true })
    const second = (await sync.nextWake())! - clock
    expect(second).toBeGreaterThan(first)
    clock += second
    await sync.sync()
    expect(await states(db)).toEqual({ confirmed: 1 })
    expect(last?.problem).toBeNull()
  })

  it('gets every other record past one the server stumbles over', async () => {
    const rows = await enqueueMany(db, 12)
    server.poison.add(rows[4]!.id)
    await engine().sync()
    expect(server.stored.size).toBe(11)
    expect(await states(db)).toEqual({ confirmed: 11, waiting: 1 })
    expect((await db.outbox.get(rows[4]!.id))!.nextAt).toBeGreaterThan(clock)
  })

  it('stops trying against a server that only says 500', async () => {
    await enqueueMany(db, 200)
    server.faults = Array.from({ length: 500 }, () => '500' as const)
    await engine().sync()
    expect(server.batches.length).toBeLessThan(30)
    expect(await states(db)).toEqual({ waiting: 200 })
  })

  it('runs once for many calls, and again for what came meanwhile', async () => {
    await enqueueMany(db, 1)
    const sync = engine()
    server.onPush = async () => {
      server.onPush = null
      await enqueue(db, visit())
      void sync.sync()
    }
    await Promise.all([sync.sync(), sync.sync(), sync.sync()])
    expect(server.batches.map((batch) => batch.length)).toEqual([1, 1])
    expect(await states(db)).toEqual({ confirmed: 2 })
  })

  it('cannot be taken back once it is on its way', async () => {
    const row = await enqueue(db, visit())
    let late: boolean | null = null
    server.onPush = async () => {
      late = await withdraw(db, row.id)
    }
    await engine().sync()
    expect(late).toBe(false)
    expect(server.stored.size).toBe(1)
  })
})

describe('what is urgent', () => {
  const ill = (household = newId()) => visit({ household, body: { household, outcome: 'seen_unwell', people: [{ temperature: 38.4 }] } })

  it('goes first, in a short upload of its own', async () => {
    await enqueueMany(db, 150)
    const fever = await enqueue(db, ill())
    await engine().sync()
    expect(server.batches.map((batch) => batch.length)).toEqual([1, 100, 50])
    expect(server.batches[0]).toEqual([fever.id])
  })

  it('takes along the registrations it speaks of, in the order they were made', async () => {
    await enqueueMany(db, 5)
    const home = newId()
    const made = await enqueue(db, {
      id: newId(),
      kind: 'household',
      body: { household: home, region: '220521901901901', address: 'x', building: '9', unit: '', floor: null, door: '1', head_name: '李四', headcount: 2, occupancy: 'occupied', care: [] },
      label: '',
      household: home,
    })
    await enqueueMany(db, 5)
    const fever = await enqueue(db, ill(home))
    await engine().sync()
    expect(server.batches.map((batch) => batch.length)).toEqual([2, 10])
    expect(server.batches[0]).toEqual([made.id, fever.id])
  })

  it('does not wait while a busy server has asked the rest to come later', async () => {
    await enqueueMany(db, 30)
    server.push = busyFor(server)
    const sync = engine()
    await sync.sync()
    expect(last?.problem).toBe('busy')
    expect(await sync.nextWake()).toBe(clock + 6_250)
    const fever = await enqueue(db, ill())
    expect(await sync.nextWake()).toBe(clock)
    await sync.sync()
    expect([...server.stored.keys()]).toEqual([fever.id])
    expect(await sync.nextWake()).toBe(clock + 6_250)
  })

  it('is not pressed on a server that refuses it too', async () => {
    await enqueue(db, ill())
    server.faults = ['429']
    const sync = engine()
    await sync.sync()
    expect((await sync.nextWake())! - clock).toBeGreaterThan(500)
    await sync.sync()
    expect(server.batches).toHaveLength(1)
  })
})

/** Takes only short uploads; the others are to come back in five seconds. */
function busyFor(fake: FakeServer): FakeServer['push'] {
  const take = fake.push
  return async (request) => {
    if (request.items.length > 10) throw new ApiError(429, 'busy', '上报的人较多', undefined, undefined, 5_000)
    return take(request)
  }
}

describe('download', () => {
  const household = (id: string, head = '张*') => ({
    kind: 'household',
    id,
    op: 'put' as const,
    data: { id, region: '220521901901901', address: '', building: '3', unit: '1', floor: 5, door: '501', head, headcount: 3, occupancy: 'occupied', care: [], phone_known: false, version: 1, sort: id },
  })

  it('goes page by page and remembers where it was', async () => {
    server.pages = [page([household('a')], { more: true, cursor: 'c1', resync: true }), page([household('b')], { cursor: 'c2' })]
    await engine().sync({ pull: 'always' })
    expect(server.pulls).toEqual(['', 'c1'])
    expect(await db.household.count()).toBe(2)
    await engine().sync({ pull: 'always' })
    expect(server.pulls[2]).toBe('c2')
  })

  it('goes on after a break where it was, not from the start', async () => {
    server.pages = [page([household('a')], { more: true, cursor: 'c1' })]
    const broken = server.pull
    let calls = 0
    server.pull = async (cursor) => {
      calls += 1
      if (calls === 2) throw new TypeError('fault of ours, as good as a killed tab')
      return broken(cursor)
    }
    await engine().sync({ pull: 'always' }).catch(() => undefined)
    server.pull = broken
    await engine().sync({ pull: 'always' })
    expect(server.pulls).toEqual(['', 'c1'])
  })

  it('empties the cache on resync and leaves the queue and what it made', async () => {
    await applyPage(db, page([household('old')]))
    const id = newId()
    await enqueue(db, {
      id: newId(),
      kind: 'household',
      body: { household: id, region: '220521901901901', address: 'x', building: '9', unit: '', floor: null, door: '1', head_name: '李四', headcount: 2, occupancy: 'occupied', care: [] },
      label: '',
      household: id,
      holdMs: 60_000,
    })
    server.pages = [page([household('new')], { resync: true })]
    clock = Date.now()
    await engine().sync({ pull: 'always' })
    expect((await db.household.toArray()).map((row) => row.id).sort()).toEqual([id, 'new'].sort())
    expect((await db.household.get(id))?.head).toBe('李*')
    expect(await states(db)).toEqual({ waiting: 1 })
  })

  it('drops a position that the server cannot read, and nothing else', async () => {
    server.pages = [page([household('old')], { cursor: 'garbled' })]
    await engine().sync({ pull: 'always' })
    const healthy = server.pull
    server.pull = async (cursor) => {
      if (cursor === 'garbled') throw new ApiError(400, 'bad_cursor', '同步位置无效，请从头同步。')
      return healthy(cursor)
    }
    server.pages = [page([household('new')], { resync: true, cursor: 'c2' })]
    const sync = engine()
    await sync.sync({ pull: 'always' })
    expect(sync.status().problem).toBeNull()
    expect((await db.household.toArray()).map((row) => row.id)).toEqual(['new'])
    expect(await readCursor(db)).toBe('c2')
  })

  it('passes over an operation of the future, and keeps what it knows of the row', async () => {
    await applyPage(db, page([household('a'), { kind: 'household', id: 'a', op: 'fold' as 'put', data: {} }]))
    expect((await db.household.toArray()).map((row) => row.id)).toEqual(['a'])
  })

  it('applies deletions and skips kinds of the future', async () => {
    await applyPage(db, page([household('a'), household('b')]))
    await applyPage(db, page([{ kind: 'household', id: 'a', op: 'delete' }, { kind: 'spaceship', id: 'z', op: 'put', data: {} }]))
    expect((await db.household.toArray()).map((row) => row.id)).toEqual(['b'])
  })
})

describe('conclusions', () => {
  it('of the server are fetched shortly after a registration, not a minute later', async () => {
    const sync = engine()
    await sync.sync({ pull: 'always' })
    await enqueue(db, {
      id: newId(),
      kind: 'check',
      body: { person: 'p', session: 'morning', method: 'door', symptoms: [], temperature: 36.5 },
      label: '',
      person: 'p',
      session: 'morning',
    })
    await sync.sync()
    expect(server.pulls).toHaveLength(1)
    const wake = (await sync.nextWake())!
    expect(wake - clock).toBeLessThanOrEqual(5_000)
    clock = wake
    await sync.sync()
    expect(server.pulls).toHaveLength(2)
    expect(await sync.nextWake()).toBeNull()
  })
})
