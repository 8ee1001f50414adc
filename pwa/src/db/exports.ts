/** Which records have been carried out by hand: a file was written, or all codes were shown (docs/hand-carry.md). */
import { readMeta, writeMeta } from './cache'
import { awaitsChoice } from './conflicts'
import type { OutboxRow, UserDb } from './schema'

const KEY = 'exported'

/** A record that was mended since is another: what was carried out is not what lies here. */
const nameOf = (row: OutboxRow): string => `${row.id} ${row.savedAt}`

export async function noteExported(db: UserDb, rows: readonly OutboxRow[]): Promise<void> {
  await writeMeta(db, KEY, rows.map(nameOf))
}

/** Of `rows`, those that nobody holds but this phone. A record whose text is gone cannot be carried, and an edit kept with a conflict is on the server. */
export async function notExported(db: UserDb, rows: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const exported = new Set(await readMeta<string[]>(db, KEY))
  return rows.filter((row) => row.body && !awaitsChoice(row) && !exported.has(nameOf(row)))
}
