import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { ConflictRow, EditKind } from '@/api/types'
import { applyPage } from '@/db/cache'
import { endedElsewhere, openConflicts } from '@/db/conflicts'
import type { UserDb } from '@/db/database'
import { discard, enqueue, type NewRecord, resend, unsent } from '@/db/outbox'
import { newId } from '@/lib/ids'
import { createSyncEngine } from '@/sync/engine'

import { FakeServer, page } from '../fakeServer'
import { freshDb, states } from '../helpers'
import { household, person, returnee } from '../mount'

const HOUSE = 'h1'
let db: UserDb
let server: FakeServer

beforeEach(async () => {
  db = await freshDb()
  server = new FakeServer()
  await db.household.put(household(HOUSE, { headcount: 3, version: 7, phone_known: true }))
})
afterEach(() => db.delete())

function edit(changes: object, overrides: Partial<NewRecord<'household_edit'>> = {}): NewRecord<'household_edit'> {
  return { id: newId(), kind: 'household_edit', body: { household: HOUSE, version: 7, changes }, label: '1幢1单元501', household: HOUSE, ...overrides }
}

function conflict(id: string): ConflictRow {
  return {
    id, kind: 'household_edit', target: HOUSE, region: '220521901901901', place: '1幢1单元501', author_name: '周桂兰', mine: true, made_at: new Date().toISOString(), version: 1,
    fields: [{ field: 'headcount', mine: 4, theirs: 5, theirs_by: '李站长', theirs_at: new Date().toISOString() }],
  }
}

const row = () => db.household.get(HOUSE)
const engine = () => createSyncEngine({ db, device: 'device', push: server.push, pull: server.pull })
const delivered = (version: number, fields: object) => page([{ kind: 'household', id: HOUSE, op: 'put', data: { ...household(HOUSE, { version }), ...fields } }])

describe('an edit', () => {
  it('is shown at once, masked, over what was delivered', async () => {
    await enqueue(db, edit({ headcount: 4, head_name: '欧阳明', phone: null, care: null, door: '502' }))
    expect(await row()).toMatchObject({ headcount: 4, head: '欧*', phone_known: false, care: [], door: '502', version: 7 })
    expect((await row())?.delivered).toMatchObject({ headcount: 3 })
  })

  it('stands over a row that is delivered meanwhile, and is gone when it is given up', async () => {
    const made = await enqueue(db, edit({ headcount: 4 }))
    await applyPage(db, delivered(8, { headcount: 3, occupancy: 'rented' }))
    expect(await row()).toMatchObject({ headcount: 4, occupancy: 'rented', version: 8 })
    await db.outbox.update(made.id, { state: 'needs-you' })
    await discard(db, made.id)
    expect(await row()).toMatchObject({ headcount: 3, occupancy: 'rented' })
    expect((await row())?.delivered).toBeUndefined()
  })

  it('outlives a new download of everything', async () => {
    await enqueue(db, edit({ headcount: 4 }))
    await applyPage(db, { ...delivered(9, { headcount: 2 }), resync: true })
    expect(await row()).toMatchObject({ headcount: 4, version: 9 })
  })

  it('keeps showing its value after it was confirmed, until the row is delivered', async () => {
    await enqueue(db, edit({ headcount: 4 }))
    await engine().sync({ pull: 'never' })
    expect(await states(db)).toEqual({ confirmed: 1 })
    expect(await row()).toMatchObject({ headcount: 4 })
    await applyPage(db, delivered(8, { headcount: 4 }))
    expect(await row()).toMatchObject({ headcount: 4, version: 8 })
  })

  it('made again while the first is being sent is sent again, in its order', async () => {
    await enqueue(db, edit({ headcount: 4 }))
    let second: Promise<unknown> | undefined
    server.onPush = async () => {
      second ??= enqueue(db, edit({ headcount: 5 }))
      await second
    }
    const sync = engine()
    await sync.sync({ pull: 'never' })
    expect(server.batches.map((batch) => batch.length)).toEqual([1, 1])
    expect(server.order).toEqual([...server.order].sort((a, b) => a - b))
    expect([...server.stored.values()].map((text) => JSON.parse(text)[3].changes.headcount)).toEqual([4, 5])
    expect(await row()).toMatchObject({ headcount: 5 })
  })

  it('of a person and of a return is shown in their rows', async () => {
    await db.person.put(person('p1', HOUSE))
    await db.returnee.put({ ...returnee('p1', '2026-11-20', '2026-12-03'), version: 2 })
    const write = <K extends EditKind>(kind: K, body: NewRecord<K>['body']) => enqueue(db, { id: newId(), kind, body, label: '', person: 'p1' })
    await write('person_edit', { person: 'p1', version: 1, changes: { name: '刘洋', phone: '13900001234' } })
    await write('returnee_edit', { returnee: 'r-p1', version: 2, changes: { origin: '42', origin_text: null, left_on: '2026-11-22' } })
    expect(await db.person.get('p1')).toMatchObject({ name: '刘*', phone_last4: '1234' })
    expect(await db.returnee.get('r-p1')).toMatchObject({ origin_name: '湖北省', state: 'left' })
  })
})

describe('an edit that came second', () => {
  async function cameSecond(): Promise<string> {
    const made = await enqueue(db, edit({ headcount: 4 }))
    server.conflicts.set(made.id, { code: 'edited_elsewhere', field: 'body.changes.headcount', message: '这条信息已被他人修改' })
    await engine().sync({ pull: 'never' })
    return made.id
  }

  it('needs the worker, shows what stands, and does not count as unsent', async () => {
    const id = await cameSecond()
    expect(await db.outbox.get(id)).toMatchObject({ state: 'needs-you', verdict: 'conflict', code: 'edited_elsewhere' })
    expect(await row()).toMatchObject({ headcount: 3 })
    expect(await unsent(db)).toEqual([])
  })

  it('leaves the inbox when its conflict is delivered as settled, and not before it was delivered', async () => {
    const id = await cameSecond()
    await applyPage(db, page([]))
    expect((await db.outbox.get(id))?.state).toBe('needs-you')
    await applyPage(db, page([{ kind: 'conflict', id, op: 'put', data: { ...conflict(id) } }]))
    expect((await db.outbox.get(id))?.state).toBe('needs-you')
    await applyPage(db, page([{ kind: 'conflict', id, op: 'delete' }]))
    expect(await db.outbox.get(id)).toMatchObject({ state: 'confirmed', verdict: 'duplicate' })
    expect((await db.outbox.get(id))?.body).toBeUndefined()
  })

  it('leaves it when somebody else chose before this phone ever saw the conflict', async () => {
    const id = await cameSecond()
    await applyPage(db, page([{ kind: 'conflict', id, op: 'delete' }]))
    expect((await db.outbox.get(id))?.state).toBe('confirmed')
  })

  it('leaves it too when a whole new download no longer has the conflict, but not between its pages', async () => {
    const id = await cameSecond()
    await applyPage(db, page([{ kind: 'conflict', id, op: 'put', data: { ...conflict(id) } }]))
    await applyPage(db, page([], { resync: true, more: true }))
    expect((await db.outbox.get(id))?.state).toBe('needs-you')
    await applyPage(db, page([], { cursor: 'c2' }))
    expect((await db.outbox.get(id))?.state).toBe('confirmed')
  })

  it('is settled by the choice that was taken, at once', async () => {
    const id = await cameSecond()
    await applyPage(db, page([{ kind: 'conflict', id, op: 'put', data: { ...conflict(id) } }]))
    await enqueue(db, { id: newId(), kind: 'conflict_choice', body: { conflict: id, version: 1, choices: { headcount: 'theirs' } }, label: '', conflict: id })
    await engine().sync({ pull: 'never' })
    expect(await states(db)).toEqual({ confirmed: 2 })
    expect(await db.conflict.count()).toBe(0)
  })

  it('is asked about anew when somebody changed the record before the choice arrived', async () => {
    const id = await cameSecond()
    await applyPage(db, page([{ kind: 'conflict', id, op: 'put', data: { ...conflict(id) } }]))
    const fields = [{ ...conflict(id).fields[0]!, theirs: 6 }]
    const running = engine()
    await running.sync({ pull: 'always' })
    server.pages = [page([{ kind: 'conflict', id, op: 'put', data: { ...conflict(id), version: 2, fields } }])]
    const choice = await enqueue(db, { id: newId(), kind: 'conflict_choice', body: { conflict: id, version: 1, choices: { headcount: 'mine' } }, label: '', conflict: id })
    server.reject.set(choice.id, { code: 'edited_again', field: 'body.version', message: '这条记录又被修改' })
    await running.sync()
    // Not in half a minute: whoever chose is looking at the page.
    expect(server.pulls).toHaveLength(2)
    expect((await openConflicts(db))[0]).toMatchObject({ version: 2, fields: [{ theirs: 6 }] })
    // The question comes back to the worker, not his answer to the old one.
    expect(await db.outbox.count()).toBe(1)
    expect(await db.outbox.get(id)).toMatchObject({ state: 'needs-you', code: 'edited_elsewhere' })
  })

  it('tells its author how it ended when somebody else chose, and not when he did', async () => {
    const [id, own] = [await cameSecond(), await cameSecond()]
    const ended = { state: 'chosen', choices: { headcount: 'theirs' }, by: '李站长', at: new Date().toISOString(), mine: false }
    await applyPage(db, page([{ kind: 'conflict', id, op: 'delete', data: ended }, { kind: 'conflict', id: own, op: 'delete', data: { ...ended, mine: true } }]))
    expect(await states(db)).toEqual({ confirmed: 2 })
    expect((await endedElsewhere(db)).map((each) => [each.id, each.ended?.by])).toEqual([[id, '李站长']])
  })

  it('is asked about again under its own id', async () => {
    const id = await cameSecond()
    await resend(db, id)
    expect(await db.outbox.count()).toBe(1)
    expect(await db.outbox.get(id)).toMatchObject({ state: 'waiting' })
  })
})
