/** Cuts the due records to what one upload may hold (docs/sync.md: 500 items, 2 MB; we stay far below on a weak line). */
import type { PushItem } from '@/api/types'
import type { OutboxRow } from '@/db/schema'

export const BATCH_ITEMS = 100
export const BATCH_BYTES = 512_000

export function toItem(row: OutboxRow): PushItem {
  return { id: row.id, kind: row.kind, schema: row.schema, seq: row.seq, observed_at: row.observedAt, body: row.body! }
}

/** Always at least one, however large: the server's 413 then says so. */
export function fitBytes(rows: readonly OutboxRow[], maxBytes: number = BATCH_BYTES): OutboxRow[] {
  const taken: OutboxRow[] = []
  let bytes = 0
  for (const row of rows) {
    bytes += JSON.stringify(row.body).length * 2 + 200
    if (taken.length && bytes > maxBytes) break
    taken.push(row)
  }
  return taken
}
