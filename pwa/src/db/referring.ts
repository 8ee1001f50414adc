/**
 * A record that came back is handed up to the office (docs/referrals.md). The referral takes its place in the outbox and holds all
 * of it, so that nothing is lost on the way.
 */
import type { ReferralBody } from '@/api/types'

import { showEdits, isEdit, targetOf } from './edits'
import { idToResend, type NewRecord } from './outbox'
import { putProvisional } from './provisional'
import type { OutboxRow, UserDb } from './schema'

/** Whether the office can do anything with it: what is a question between two values, or too long to be sent, it cannot. */
export function mayRefer(row: OutboxRow): boolean {
  return row.state === 'needs-you' && row.body !== undefined && !['referral', 'conflict_choice'].includes(row.kind) && !['item_too_large', 'edited_elsewhere'].includes(row.code ?? '')
}

/** The referral of a record of the inbox; `id` was made when the form opened. */
export function referralOf(old: OutboxRow, id: string, note: string): NewRecord<'referral'> {
  const body: ReferralBody = {
    item: idToResend(old), kind: old.kind, schema: old.schema, seq: old.seq, observed_at: old.observedAt, record: old.body, code: old.code ?? old.verdict ?? 'rejected',
    place: old.label.slice(0, 200), ...(note ? { note } : {}),
  }
  return { id, kind: 'referral', body, label: old.label, replaces: old.id, refers: old }
}

/** The server did not take the referral: the record is back in the inbox, as it was. */
export async function takeBack(db: UserDb, id: string): Promise<void> {
  await db.transaction('rw', [db.outbox, db.household, db.person, db.returnee, db.handover], async () => {
    const row = await db.outbox.get(id)
    if (row?.state !== 'needs-you' || !row.refers) return
    await db.outbox.delete(id)
    await db.outbox.put(row.refers)
    await putProvisional(db, row.refers)
    const target = targetOf(row.refers)
    if (isEdit(row.refers) && target) await showEdits(db, row.refers.kind, target)
  })
}
