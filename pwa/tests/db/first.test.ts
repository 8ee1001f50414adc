import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { UserDb } from '@/db/database'
import { readFirst } from '@/db/first'
import { enqueue } from '@/db/outbox'
import { today } from '@/lib/clock'

import { freshDb, visit } from '../helpers'
import { household } from '../mount'

let db: UserDb
let user: string
beforeEach(async () => {
  db = await freshDb()
  user = db.name.replace('gridkeeper-user-', '')
})
afterEach(() => db.delete())

describe('the first read', () => {
  it('is what the list of today stands on', async () => {
    await db.household.bulkPut([household('h-101'), household('h-102')])
    await db.region.put({ id: 'r', code: 'r', name: '第一网格' } as never)
    await db.visit.bulkPut([{ id: 'v1', household: 'h-101', day: today() }, { id: 'v2', household: 'h-101', day: '2020-01-01' }] as never[])
    const made = await enqueue(db, visit({ household: 'h-102' }))
    const first = await readFirst(user, today())
    expect(first?.households.map((row) => row.id)).toEqual(['h-101', 'h-102'])
    expect(first?.regions).toHaveLength(1)
    expect(first?.visits.map((row) => row.id)).toEqual(['v1'])
    expect(first?.made.map((row) => row.id)).toEqual([made.id])
  })

  it('finds nothing where nothing was downloaded, and leaves no database behind', async () => {
    expect(await readFirst(user, today())).toBeNull()
    expect(await readFirst('nobody', today())).toBeNull()
    expect((await indexedDB.databases()).map((each) => each.name)).not.toContain('gridkeeper-user-nobody')
  })

  it('does not stand in the way of the database itself', async () => {
    await db.household.put(household('h-101'))
    db.close()
    await readFirst(user, today())
    await db.open()
    expect(await db.household.count()).toBe(1)
  })
})
