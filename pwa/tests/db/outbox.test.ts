import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { writeDraft } from '@/db/drafts'
import { discard, enqueue, idToResend, pruneConfirmed, resend, SaveFailedError, settle, unsettled, withdraw } from '@/db/outbox'
import type { UserDb } from '@/db/schema'
import { addDays, today } from '@/lib/clock'
import { newId } from '@/lib/ids'

import { freshDb, visit } from '../helpers'

let db: UserDb
beforeEach(async () => (db = await freshDb()))
afterEach(() => db.delete())

describe('saving', () => {
  it('makes one record of a double tap', async () => {
    const record = visit()
    const [first, second] = await Promise.all([enqueue(db, record), enqueue(db, record)])
    expect(await db.outbox.count()).toBe(1)
    expect(first.id).toBe(second.id)
  })

  it('waits for the disk: every write of a record is asked for strictly', async () => {
    const asked: [IDBTransactionMode | undefined, IDBTransactionOptions | undefined][] = []
    const begin = Object.getOwnPropertyDescriptor(IDBDatabase.prototype, 'transaction')!.value as IDBDatabase['transaction']
    const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, stores, mode, options) {
      asked.push([mode, options])
      return begin.call(this, stores, mode, options)
    })
    const opened = await freshDb()
    await enqueue(opened, visit())
    spy.mockRestore()
    await opened.delete()
    const writes = asked.filter(([mode]) => mode === 'readwrite').map(([, options]) => options?.durability)
    expect(writes.length).toBeGreaterThan(0)
    expect(new Set(writes)).toEqual(new Set(['strict']))
  })

  it('numbers records upward, whatever the clock does', async () => {
    const a = await enqueue(db, visit({ observedAt: new Date('2026-11-25T00:00:00Z') }))
    const b = await enqueue(db, visit({ observedAt: new Date('2026-11-19T00:00:00Z') }))
    expect(b.seq).toBeGreaterThan(a.seq)
  })

  it('takes the draft away in the same stroke', async () => {
    await writeDraft(db, { key: 'visit:x', id: newId(), value: { note: 'half' } })
    await enqueue(db, visit({ draft: 'visit:x' }))
    expect(await db.drafts.count()).toBe(0)
  })

  it('says so when the disk is full, and keeps the draft', async () => {
    await writeDraft(db, { key: 'visit:x', id: newId(), value: { note: 'half' } })
    const full = Object.assign(new Error('full'), { name: 'QuotaExceededError' })
    vi.spyOn(db.outbox, 'add').mockRejectedValueOnce(full)
    await expect(enqueue(db, visit({ draft: 'visit:x' }))).rejects.toSatisfy((error) => error instanceof SaveFailedError && error.full)
    expect(await db.drafts.count()).toBe(1)
    expect(await db.outbox.count()).toBe(0)
  })
})

describe('taking back', () => {
  it('works before the first attempt and not after', async () => {
    const row = await enqueue(db, visit({ holdMs: 10_000 }))
    expect(await withdraw(db, row.id)).toBe(true)
    expect(await db.outbox.count()).toBe(0)
    const sent = await enqueue(db, visit())
    await db.outbox.update(sent.id, { attempts: 1 })
    expect(await withdraw(db, sent.id)).toBe(false)
  })

  it('takes the household made at the door with it', async () => {
    const household = newId()
    const row = await enqueue(db, {
      id: newId(),
      kind: 'household',
      body: { household, region: '220521901901901', address: 'x', building: '', unit: '', floor: null, door: '', head_name: '王五', headcount: 1, occupancy: 'occupied', care: [] },
      label: 'x',
      household,
    })
    expect((await db.household.get(household))?.pending).toBe(true)
    await withdraw(db, row.id)
    expect(await db.household.get(household)).toBeUndefined()
  })
})

describe('the inbox', () => {
  async function sentBack(verdict: 'rejected' | 'conflict') {
    const row = await enqueue(db, visit())
    await settle(db, [{ id: row.id, state: 'needs-you', verdict, code: 'unknown_household' }])
    return (await db.outbox.get(row.id))!
  }

  it('sends a rejected record again under its id, a conflict under a new one', async () => {
    const rejected = await sentBack('rejected')
    expect(idToResend(rejected)).toBe(rejected.id)
    await resend(db, rejected.id)
    const again = (await db.outbox.get(rejected.id))!
    expect(again).toMatchObject({ state: 'waiting', observedAt: rejected.observedAt, attempts: 0 })
    expect(again.seq).toBeGreaterThan(rejected.seq)

    const conflict = await sentBack('conflict')
    await resend(db, conflict.id)
    expect(await db.outbox.get(conflict.id)).toBeUndefined()
    expect((await unsettled(db)).every((row) => row.state === 'waiting')).toBe(true)
    expect(await db.outbox.count()).toBe(2)
  })

  it('replaces the old record by the corrected one', async () => {
    const old = await sentBack('rejected')
    await enqueue(db, visit({ id: old.id, replaces: old.id, outcome: 'refused' }))
    expect(await db.outbox.count()).toBe(1)
    expect((await db.outbox.get(old.id))?.outcome).toBe('refused')
  })

  it('gives up only what needs the worker', async () => {
    const waiting = await enqueue(db, visit())
    await discard(db, waiting.id)
    expect(await db.outbox.count()).toBe(1)
    const old = await sentBack('rejected')
    await discard(db, old.id)
    expect(await db.outbox.get(old.id)).toBeUndefined()
  })
})

describe('pruning', () => {
  it('forgets old confirmed stubs and nothing else', async () => {
    const old = await enqueue(db, visit())
    const waiting = await enqueue(db, visit())
    const long = addDays(today(), -20)
    await db.outbox.update(old.id, { state: 'confirmed', day: long })
    await db.outbox.update(waiting.id, { day: long })
    expect(await pruneConfirmed(db)).toBe(1)
    expect((await db.outbox.toArray()).map((row) => row.id)).toEqual([waiting.id])
  })
})
