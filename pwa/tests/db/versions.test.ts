/** An app that is updated while records wait: they are the same records afterwards, and go up as they were made. */
import Dexie from 'dexie'
import { afterEach, describe, expect, it } from 'vitest'

import type { PushItem } from '@/api/types'
import { UserDb } from '@/db/database'
import { enqueue } from '@/db/outbox'
import { type OutboxRow, userDbName } from '@/db/schema'
import { newId } from '@/lib/ids'
import { createSyncEngine } from '@/sync/engine'

import { FakeServer } from '../fakeServer'
import { freshDb, visit } from '../helpers'

const WAITING = 500

let db: UserDb | undefined
afterEach(() => db?.delete())

function row(seq: number, state: OutboxRow['state'] = 'waiting'): OutboxRow<'visit'> {
  const { id, kind, body, label, household, outcome } = visit()
  return { id, kind, schema: 1, seq, observedAt: '2026-11-22T00:10:00.000Z', day: '2026-11-22', body, state, holdUntil: 0, savedAt: 1, attempts: 0, nextAt: 0, household, outcome, label }
}

describe("the database of an earlier app's version", () => {
  it('opens with every record, draft and mark it held', async () => {
    const user = `old-${newId()}`
    const old = new Dexie(userDbName(user))
    old.version(1).stores({ outbox: 'id, state, day, seq, household, person', drafts: 'key', meta: 'key', region: 'id', household: 'id, region', person: 'id, household', returnee: 'id, person', code: 'id', visit: 'id, household, day', check: 'id, person, day', policy: 'id', alert: 'id, state' })
    const rows = Array.from({ length: WAITING }, (_, n) => row(n + 1))
    rows.push(row(WAITING + 1, 'sending'), row(WAITING + 2, 'needs-you'), row(WAITING + 3, 'confirmed'))
    await old.table('outbox').bulkAdd(rows)
    await old.table('drafts').add({ key: 'visit:x', id: newId(), value: { note: 'half' }, savedAt: Date.now() })
    await old.table('meta').add({ key: 'cursor', value: 'c1' })
    old.close()

    db = new UserDb(user)
    expect(await db.outbox.orderBy('seq').toArray()).toEqual(rows)
    expect(await db.drafts.count()).toBe(1)
    expect((await db.meta.get('cursor'))?.value).toBe('c1')
    expect(await db.sealed.count()).toBe(0)
    const again = await enqueue(db, visit())
    expect(await db.outbox.get(again.id)).toBeTruthy()
  })
})

describe('a record that waits', () => {
  it('keeps the schema and the body it was made with; what is made now is of the current schema', async () => {
    db = await freshDb()
    const body = { person: newId(), name: '张三', phone: '13912345678', document_type: 'id_card', document_number: '11010519491231002X', origin: '42', arrived_on: '2026-11-21', transport: '火车 G8012', region: '220521901901901', address: '前进路8号' }
    const made = { ...row(1), kind: 'returnee', body } as unknown as OutboxRow
    await db.outbox.add(made)
    const now = await enqueue(db, { id: newId(), kind: 'returnee', body: { ...body, person: newId(), document_type: 'id_card', transport: 'train', via: '沈阳市' }, label: '前进路8号' })
    const server = new FakeServer()
    const sent: PushItem[] = []
    const engine = createSyncEngine({
      db,
      device: 'device',
      push: (request) => (sent.push(...request.items), server.push(request)),
      pull: server.pull,
    })
    await engine.sync()
    const byId = new Map(sent.map((item) => [item.id, item]))
    expect(byId.get(made.id)).toMatchObject({ schema: 1, body })
    expect(byId.get(now.id)).toMatchObject({ schema: 3 })
  })
})
