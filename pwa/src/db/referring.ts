/**
 * A record that came back is handed up to the office (docs/referrals.md). The referral takes its place in the outbox and holds all
 * of it, so that nothing is lost on the way.
 */
import type { ReferralBody } from '@/api/types'

import { enqueue, idToResend } from './outbox'
import { putProvisional } from './provisional'
import type { OutboxRow, UserDb } from './schema'

/** Whether the office can do anything with it: what is a question between two values, or too long to be sent, it cannot. */
export function mayRefer(row: OutboxRow): boolean {
  return row.state === 'needs-you' && row.body !== undefined && !['referral', 'conflict_choice'].includes(row.kind) && !['item_too_large', 'edited_elsewhere'].includes(row.code ?? '')
}

/** `id` is made when the page opens: two taps are one referral. */
export async function refer(db: UserDb, record: string, id: string, note: string): Promise<void> {
  const old = await db.outbox.get(record)
  if (!old || !mayRefer(old)) return
  const body: ReferralBody = {
    item: idToResend(old), kind: old.kind, schema: old.schema, seq: old.seq, observed_at: old.observedAt, record: old.body, code: old.code ?? old.verdict ?? 'rejected',
    place: old.label.slice(0, 200), ...(note ? { note } : {}),
  }
  await enqueue(db, { id, kind: 'referral', body, label: old.label, replaces: record, refers: old })
}

/** The server did not take the referral: the record is back in the inbox, as it was. */
export async function takeBack(db: UserDb, id: string): Promise<void> {
  await db.transaction('rw', [db.outbox, db.household, db.person, db.returnee, db.handover], async () => {
    const row = await db.outbox.get(id)
    if (row?.state !== 'needs-you' || !row.refers) return
    await db.outbox.delete(id)
    await db.outbox.put(row.refers)
    await putProvisional(db, row.refers)
  })
}
