/** 上交记录 as delivered: what the office has made of records that were handed up (docs/referrals.md). */
import type { ReferralBody, ReferralRow } from '@/api/types'
import { dayOfRaw } from '@/lib/clock'

import type { OutboxRow, UserDb } from './schema'

/** Inside a transaction over referral: the server has it; it stands so until the row itself comes. */
export async function keepReferral(db: UserDb, record: OutboxRow): Promise<void> {
  if (record.kind !== 'referral' || !record.body || (await db.referral.get(record.id))) return
  const { item, kind, place, observed_at } = record.body as ReferralBody
  await db.referral.put({ id: record.id, item, kind, place, made_at: observed_at, state: 'open', answered_by: '', answered_at: null })
}

/** What the office has answered first, the latest answer on top; then what it has not. */
export async function referralsShown(db: UserDb): Promise<ReferralRow[]> {
  const rows = await db.referral.toArray()
  return rows.sort((a, b) => (b.answered_at ?? '').localeCompare(a.answered_at ?? '') || a.made_at.localeCompare(b.made_at))
}

/** Inside a transaction over referral: answered before `day`, and delivered no longer. */
export async function pruneReferrals(db: UserDb, day: string): Promise<void> {
  await db.referral.filter((row) => row.answered_at !== null && dayOfRaw(row.answered_at) < day).delete()
}
