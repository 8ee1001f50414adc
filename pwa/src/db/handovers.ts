/**
 * Hand-overs as this phone may show them (docs/hand-over.md): what was delivered, and over it what was offered or answered here and
 * has not been heard of yet. What the server refuses is no longer laid over it: the screen goes back by itself.
 */
import type { BodyOf, HandoverRow } from '@/api/types'
import { dayOfRaw } from '@/lib/clock'

import type { OutboxRow, UserDb } from './schema'

/** An offer of this phone, until the server tells what it made of it. Names of places are looked up by who shows it. */
function offered(row: OutboxRow<'handover'>, body: BodyOf['handover']): HandoverRow {
  return {
    id: row.id, household: body.household ?? null, person: body.person ?? null, place: row.label, head: '', headcount: 0, monitored: 0, reason: body.reason,
    from: '', from_name: '', to: body.to, to_name: '', author_name: '', offered_at: row.observedAt, due_at: '', state: 'offered', cell: '', mine: true, incoming: false,
    pending: true,
  }
}

function answered(known: HandoverRow, row: OutboxRow, body: BodyOf['handover_answer']): HandoverRow {
  return { ...known, state: body.answer, cell: body.region ?? '', decline_reason: body.reason ?? '', answered_at: row.observedAt, answered_by: '', pending: true }
}

function laidOver(rows: Map<string, HandoverRow>, record: OutboxRow): void {
  if (!record.body) return
  if (record.kind === 'handover') {
    if (!rows.has(record.id)) rows.set(record.id, offered(record as OutboxRow<'handover'>, record.body as BodyOf['handover']))
  } else if (record.kind === 'handover_answer') {
    const body = record.body as BodyOf['handover_answer']
    const known = rows.get(body.handover)
    if (known?.state === 'offered') rows.set(known.id, answered(known, record, body))
  }
}

/** The delivered rows with what waits in the outbox over them, the latest offer last. */
export function handoversShown(delivered: readonly HandoverRow[], outbox: readonly OutboxRow[]): HandoverRow[] {
  const rows = new Map(delivered.map((row) => [row.id, row]))
  for (const record of [...outbox].sort((a, b) => a.seq - b.seq)) if (record.state !== 'needs-you') laidOver(rows, record)
  return [...rows.values()].sort((a, b) => a.offered_at.localeCompare(b.offered_at))
}

/** Inside a transaction over handover: the server has it; it stands so until the row itself comes. */
export async function keepHandover(db: UserDb, record: OutboxRow): Promise<void> {
  if (record.kind !== 'handover' && record.kind !== 'handover_answer') return
  const id = record.kind === 'handover' ? record.id : (record.body as BodyOf['handover_answer'] | undefined)?.handover
  const known = id ? await db.handover.get(id) : undefined
  const rows = new Map(known ? [[known.id, known]] : [])
  laidOver(rows, record)
  for (const row of rows.values()) if (row !== known) await db.handover.put(row)
}

/** Inside a transaction over handover: answered before `day`, and delivered no longer. */
export async function pruneHandovers(db: UserDb, day: string): Promise<void> {
  await db.handover.filter((row) => Boolean(row.answered_at) && dayOfRaw(row.answered_at!) < day).delete()
}
