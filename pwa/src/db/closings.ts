/** What each day's comparison with the server said, and the sealed copies of what was confirmed (docs/receipts.md). */
import { addDays, today } from '@/lib/clock'

import type { ClosingRow, OutboxRow, SealedRow, UserDb } from './schema'

/** Days that are compared: as many as the phone keeps of what it confirmed. */
export const CLOSING_DAYS = 8

/** The days of the last week on which something was made, with the ids, newest first. */
export async function daysMade(db: UserDb): Promise<{ day: string; ids: string[] }[]> {
  const rows = await db.outbox.where('day').above(addDays(today(), -CLOSING_DAYS)).toArray()
  const days = new Map<string, string[]>()
  for (const row of rows) days.set(row.day, [...(days.get(row.day) ?? []), row.id])
  return [...days].map(([day, ids]) => ({ day, ids })).sort((a, b) => b.day.localeCompare(a.day))
}

export async function readClosing(db: UserDb, day: string): Promise<ClosingRow | undefined> {
  return db.closings.get(day)
}

export async function allClosings(db: UserDb): Promise<ClosingRow[]> {
  return db.closings.toArray()
}

export async function writeClosing(db: UserDb, row: ClosingRow): Promise<void> {
  await db.closings.put(row)
}

/** Of `ids` that the server does not hold as stored, the records this phone holds as confirmed: the server has forgotten them. */
export async function forgottenByServer(db: UserDb, ids: readonly string[]): Promise<OutboxRow[]> {
  const rows = await db.outbox.bulkGet([...ids])
  return rows.filter((row): row is OutboxRow => row?.state === 'confirmed')
}

/** The sealed copies that hold any of `ids`. */
export async function sealedOf(db: UserDb, ids: readonly string[]): Promise<SealedRow[]> {
  return db.sealed.where('ids').anyOf([...ids]).distinct().toArray()
}
