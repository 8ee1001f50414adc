/** Conflicts as delivered: one field, two people, two values; open until somebody has chosen (docs/edits.md). */
import type { Change, ConflictEnd, ConflictRow } from '@/api/types'

import type { OutboxRow, UserDb } from './schema'

/** An edit that came second: the server keeps both values, and somebody has to choose. */
export function awaitsChoice(row: Pick<OutboxRow, 'state' | 'code'>): boolean {
  return row.state === 'needs-you' && row.code === 'edited_elsewhere'
}

export async function openConflicts(db: UserDb): Promise<ConflictRow[]> {
  const rows = await db.conflict.toArray()
  return rows.sort((a, b) => a.made_at.localeCompare(b.made_at))
}

/** Inside a transaction over outbox: conflicts were delivered, open or settled; to its author with how it ended. */
export async function noteSeen(db: UserDb, changes: readonly Change[]): Promise<void> {
  for (const { id, op, data } of changes) {
    const row = await db.outbox.get(id)
    if (!row || !(awaitsChoice(row) || row.conflictSeen)) continue
    const ended = op === 'delete' && data ? (data as unknown as ConflictEnd) : row.ended
    await db.outbox.put({ ...row, conflictSeen: true, ...(ended && { ended }) })
  }
}

/** Edits that came second and were settled by somebody else, the latest first: their author is told how it ended. */
export async function endedElsewhere(db: UserDb): Promise<OutboxRow[]> {
  const rows = await db.outbox.where('state').equals('confirmed').filter((row) => row.ended !== undefined && !row.ended.mine).toArray()
  return rows.sort((a, b) => b.ended!.at.localeCompare(a.ended!.at))
}

/**
 * Inside a transaction over outbox and conflict, after the last page and after a choice: an edit whose conflict was here and is gone has been
 * settled, by whomever; the server holds it, and nobody needs to look at it any more.
 */
export async function settleChosen(db: UserDb): Promise<void> {
  const waiting = (await db.outbox.where('state').equals('needs-you').toArray()).filter(awaitsChoice)
  for (const row of waiting) {
    const open = await db.conflict.get(row.id)
    if (open && !row.conflictSeen) await db.outbox.put({ ...row, conflictSeen: true })
    if (open || !row.conflictSeen) continue
    const settled: OutboxRow = { ...row, state: 'confirmed', verdict: 'duplicate', code: undefined, field: undefined, message: undefined }
    delete settled.body
    await db.outbox.put(settled)
  }
}
