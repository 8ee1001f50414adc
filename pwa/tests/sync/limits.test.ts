/** What stands in the way of a phone: too old, put out of use, full. What was recorded goes up all the same, or stays. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { dropCache, readCursor, readMeta, writeMeta } from '@/db/cache'
import type { UserDb } from '@/db/database'
import { enqueue } from '@/db/outbox'
import { createSyncEngine } from '@/sync/engine'

import { FakeServer, page } from '../fakeServer'
import { enqueueMany, freshDb, states, visit } from '../helpers'
import { household } from '../mount'

let db: UserDb
let server: FakeServer
beforeEach(async () => {
  db = await freshDb()
  server = new FakeServer()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await db.delete()
})

const engine = (afterPull?: () => Promise<void>) => createSyncEngine({ db, device: 'device', push: server.push, pull: server.pull, afterPull })

describe('an app that is too old', () => {
  it('empties its queue, is told so, closes its days, and does not wait with the next record', async () => {
    server.tooOld = true
    const closed = vi.fn(() => Promise.resolve())
    await enqueueMany(db, 2)
    const sync = engine(closed)
    await sync.sync()
    expect(await states(db)).toEqual({ confirmed: 2 })
    expect(sync.status()).toMatchObject({ tooOld: true, firstSync: null, problem: null })
    expect(closed).toHaveBeenCalledOnce()
    await enqueue(db, visit())
    await sync.sync()
    expect(await states(db)).toEqual({ confirmed: 3 })
    expect(sync.status().tooOld).toBe(true)
  })

  it('is served again once it is not', async () => {
    server.tooOld = true
    const sync = engine()
    await sync.sync()
    server.tooOld = false
    await sync.sync({ pull: 'always' })
    expect(sync.status().tooOld).toBe(false)
  })
})

it('a phone put out of use keeps its queue and says so', async () => {
  await enqueueMany(db, 2)
  server.faults = ['revoked']
  const sync = engine()
  await sync.sync()
  expect(await states(db)).toEqual({ waiting: 2 })
  expect(sync.status().problem).toBe('revoked')
})

describe('a full phone', () => {
  it('says that the download is not complete, and goes on sending', async () => {
    const full = Object.assign(new Error('full'), { name: 'QuotaExceededError' })
    vi.spyOn(db.table('household'), 'bulkPut').mockRejectedValue(full)
    server.pages = [page([{ kind: 'household', id: 'h1', op: 'put', data: { ...household('h1') } }])]
    const sync = engine()
    await sync.sync()
    expect(sync.status().problem).toBe('full')
    expect(await readCursor(db)).toBe('')
    await enqueueMany(db, 1)
    await sync.sync({ force: true })
    expect(await states(db)).toEqual({ confirmed: 1 })
  })

  it('gives up what was downloaded and no record, and downloads again only when asked', async () => {
    await db.household.put(household('h1'))
    await db.meta.put({ key: 'cursor', value: 'c9' })
    const made = await enqueue(db, visit())
    const new_ = { household: 'h2', region: '220521901901901', address: '', building: '1', unit: '1', floor: null, door: '1', head_name: '王五', headcount: 1, occupancy: 'occupied' as const, care: [] }
    await enqueue(db, { id: 'r2', kind: 'household', body: new_, label: '', household: 'h2' })
    await dropCache(db)
    expect(await db.household.toCollection().primaryKeys()).toEqual(['h2'])
    expect(await db.outbox.get(made.id)).toMatchObject({ state: 'waiting', body: made.body })
    const sync = engine()
    await sync.sync({ pull: 'always' })
    expect([server.stored.size, server.pulls.length]).toEqual([2, 0])
    await writeMeta(db, 'lean', false)
    await sync.sync({ pull: 'always' })
    expect(server.pulls).toEqual([''])
    expect(await readMeta(db, 'lean')).toBe(false)
  })
})
