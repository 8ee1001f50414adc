/** Sealed files of others, taken over to be passed on when there is a network (docs/hand-carry.md). */
import type { BroughtRow, UserDb } from './schema'

/** Remembers a file once: `id` is made from its text, so the same file twice is one. */
export async function takeOver(db: UserDb, id: string, text: string): Promise<BroughtRow> {
  return db.transaction('rw', db.brought, async () => {
    const known = await db.brought.get(id)
    if (known && known.state !== 'refused') return known
    const row: BroughtRow = { id, text, takenAt: Date.now(), state: 'waiting' }
    await db.brought.put(row)
    return row
  })
}

export async function broughtFiles(db: UserDb): Promise<BroughtRow[]> {
  const rows = await db.brought.toArray()
  return rows.sort((a, b) => b.takenAt - a.takenAt)
}

export async function waitingFiles(db: UserDb): Promise<BroughtRow[]> {
  return db.brought.where('state').equals('waiting').toArray()
}

/** Notes what came of a file. One that arrived needs no text any more. */
export async function noteFile(db: UserDb, id: string, outcome: Partial<BroughtRow>): Promise<void> {
  await db.brought.where('id').equals(id).modify({ ...outcome, ...(outcome.state === 'done' ? { text: '' } : {}) })
}
