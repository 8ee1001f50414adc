/** Half-typed forms. Kept with the record's id, so that a form reopened after a crash makes the same record, once. */
import { plain } from '@/lib/plain'

import type { DraftRow, UserDb } from './schema'

const KEEP_MS = 3 * 86_400_000

export async function readDraft<T>(db: UserDb, key: string): Promise<(Omit<DraftRow, 'value'> & { value: T }) | null> {
  const row = await db.drafts.get(key)
  if (!row) return null
  if (Math.abs(Date.now() - row.savedAt) > KEEP_MS) {
    await db.drafts.delete(key)
    return null
  }
  return row as Omit<DraftRow, 'value'> & { value: T }
}

export async function writeDraft(db: UserDb, draft: { key: string; id: string; value: unknown }): Promise<void> {
  await db.drafts.put({ ...draft, value: plain(draft.value), savedAt: Date.now() })
}

export async function dropDraft(db: UserDb, key: string): Promise<void> {
  await db.drafts.delete(key)
}
