import { closeDeviceDb } from '@/db/device'
import { enqueue, type NewRecord } from '@/db/outbox'
import { UserDb } from '@/db/database'
import type { OutboxRow } from '@/db/schema'
import { newId } from '@/lib/ids'

let users = 0

/** A fresh database of a fresh user, and a device that has never recorded. */
export async function freshDb(): Promise<UserDb> {
  users += 1
  await closeDeviceDb()
  const db = new UserDb(`test-${users}-${Math.random()}`)
  await db.open()
  return db
}

export function visit(overrides: Partial<NewRecord<'visit'>> = {}): NewRecord<'visit'> {
  const household = overrides.household ?? newId()
  return { id: newId(), kind: 'visit', body: { household, outcome: 'seen_well' }, label: '3幢1单元501', household, outcome: 'seen_well', ...overrides }
}

export async function enqueueMany(db: UserDb, count: number): Promise<OutboxRow[]> {
  const rows: OutboxRow[] = []
  for (let i = 0; i < count; i += 1) rows.push(await enqueue(db, visit()))
  return rows
}

export async function states(db: UserDb): Promise<Record<string, number>> {
  const counted: Record<string, number> = {}
  for (const row of await db.outbox.toArray()) counted[row.state] = (counted[row.state] ?? 0) + 1
  return counted
}
