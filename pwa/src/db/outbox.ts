/**
 * The outbox: every record made on this phone, until the server has it. No network here (sync/engine.ts moves it).
 * The promise is docs/phone.md, "Saved means saved": `enqueue` resolves after the record is on disk, and not before.
 */
import { type BodyOf, type RecordKind, SCHEMA, type Verdict } from '@/api/types'
import { addDays, dayOfRaw, rawNow, today } from '@/lib/clock'
import { newId } from '@/lib/ids'
import type { CheckSession } from '@/lib/monitoring'
import type { Outcome } from '@/lib/outcomes'
import { plain } from '@/lib/plain'

import { awaitsChoice, settleChosen } from './conflicts'
import { nextSeq } from './device'
import { isEdit, keepEdit, showEdits, targetOf } from './edits'
import { keepHandover } from './handovers'
import { dropProvisional, putProvisional } from './provisional'
import { keepReferral } from './referrals'
import type { OutboxRow, SealedRow, UserDb } from './schema'

/** The record could not be written (storage full, database blocked): the screen must say so and keep what was typed. */
export class SaveFailedError extends Error {
  constructor(readonly full: boolean, options?: ErrorOptions) {
    super('save failed', options)
    this.name = 'SaveFailedError'
  }
}

export interface NewRecord<K extends RecordKind = RecordKind> {
  /** Made when the form opened; a second save with the same id changes nothing. */
  id: string
  kind: K
  body: BodyOf[K]
  label: string
  holdMs?: number
  observedAt?: Date
  household?: string
  person?: string
  conflict?: string
  handover?: string
  outcome?: Outcome
  session?: CheckSession
  /** Form draft to delete in the same transaction. */
  draft?: string
  /** A record of the inbox that this one replaces. */
  replaces?: string
  /** Of a referral: the record it hands up, which is shown nowhere any more. */
  refers?: OutboxRow
}

/** The disk is full, or the browser gives no more of it. */
export function isQuota(error: unknown): boolean {
  const name = (error as { name?: string; inner?: { name?: string } })?.name
  const inner = (error as { inner?: { name?: string } })?.inner?.name
  return name === 'QuotaExceededError' || inner === 'QuotaExceededError'
}

async function showEdit(db: UserDb, row: OutboxRow): Promise<void> {
  const target = targetOf(row)
  if (isEdit(row) && target) await showEdits(db, row.kind, target)
}

export async function enqueue<K extends RecordKind>(db: UserDb, record: NewRecord<K>): Promise<OutboxRow<K>> {
  try {
    const seq = await nextSeq()
    const savedAt = Date.now()
    const observedAt = (record.observedAt ?? rawNow()).toISOString()
    const row: OutboxRow<K> = {
      id: record.id,
      kind: record.kind,
      schema: SCHEMA[record.kind],
      seq,
      observedAt,
      day: dayOfRaw(observedAt),
      body: plain(record.body),
      state: 'waiting',
      holdUntil: record.holdMs ? savedAt + record.holdMs : 0,
      savedAt,
      attempts: 0,
      nextAt: 0,
      household: record.household,
      person: record.person,
      conflict: record.conflict,
      handover: record.handover,
      outcome: record.outcome,
      session: record.session,
      label: record.label,
      ...(record.refers && { refers: record.refers }),
    }
    return await db.transaction('rw', [db.outbox, db.drafts, db.household, db.person, db.returnee, db.handover], async () => {
      const inInbox = record.replaces !== undefined && (await db.outbox.get(record.replaces))?.state === 'needs-you'
      if (inInbox) await db.outbox.delete(record.replaces!)
      const known = await db.outbox.get(record.id)
      if (known) return known as OutboxRow<K>
      if (record.refers) {
        // Sent again or given up in another tab meanwhile: there is nothing left to hand up.
        if (!inInbox) throw new Error('no longer in the inbox')
        await dropProvisional(db, record.refers)
        await showEdit(db, record.refers)
      }
      await db.outbox.add(row)
      if (record.draft) await db.drafts.delete(record.draft)
      await putProvisional(db, row)
      await showEdit(db, row)
      return row
    })
  } catch (error) {
    throw new SaveFailedError(isQuota(error), { cause: error })
  }
}

/** Takes a record back while it has never been sent. False when it is too late. */
export async function withdraw(db: UserDb, id: string): Promise<boolean> {
  return db.transaction('rw', [db.outbox, db.household, db.person, db.returnee], async () => {
    const row = await db.outbox.get(id)
    if (!row || row.state !== 'waiting' || row.attempts > 0) return false
    await db.outbox.delete(id)
    await dropProvisional(db, row)
    return true
  })
}

/** Gives up a record of the inbox, on the worker's word. */
export async function discard(db: UserDb, id: string): Promise<void> {
  await db.transaction('rw', [db.outbox, db.household, db.person, db.returnee], async () => {
    const row = await db.outbox.get(id)
    if (!row || row.state !== 'needs-you') return
    await db.outbox.delete(id)
    await dropProvisional(db, row)
    await showEdit(db, row)
  })
}

/** What an earlier run left half sent: same id again. Call only while holding the sync lock. */
export async function recoverSending(db: UserDb): Promise<number> {
  return db.outbox.where('state').equals('sending').modify({ state: 'waiting' })
}

function holdOver(row: OutboxRow, nowMs: number): boolean {
  // A clock set back must not hold a record for days: outside its own window the hold is void.
  return nowMs >= row.holdUntil || nowMs < row.savedAt
}

function backoffOver(row: OutboxRow, nowMs: number): boolean {
  return nowMs >= row.nextAt || nowMs < row.savedAt
}

/** Records that may go now, in the order they were made. */
export async function dueRecords(db: UserDb, nowMs: number, ignoreBackoff = false): Promise<OutboxRow[]> {
  const rows = await db.outbox.where('state').equals('waiting').sortBy('seq')
  return rows.filter((row) => holdOver(row, nowMs) && (ignoreBackoff || backoffOver(row, nowMs)))
}

/** Earliest instant at which a waiting record may go; `null` when nothing waits. */
export async function nextDueAt(db: UserDb, nowMs: number): Promise<number | null> {
  const rows = await db.outbox.where('state').equals('waiting').toArray()
  if (!rows.length) return null
  return Math.min(...rows.map((row) => Math.max(holdOver(row, nowMs) ? 0 : row.holdUntil, backoffOver(row, nowMs) ? 0 : row.nextAt, nowMs)))
}

export async function markSending(db: UserDb, ids: string[]): Promise<OutboxRow[]> {
  return db.transaction('rw', db.outbox, async () => {
    const rows = (await db.outbox.bulkGet(ids)).filter((row): row is OutboxRow => row?.state === 'waiting')
    await db.outbox.bulkPut(rows.map((row) => ({ ...row, state: 'sending' as const, attempts: row.attempts + 1 })))
    return rows
  })
}

/** Said of a choice: what was chosen from has changed meanwhile, and the conflict is delivered anew. */
export const EDITED_AGAIN = 'edited_again'

export interface Settlement {
  id: string
  state: Exclude<OutboxRow['state'], 'sending'>
  verdict?: Verdict
  code?: string
  field?: string
  message?: string
  nextAt?: number
}

/** Writes the outcome of one upload, all items in one transaction. Confirmed records leave what was typed as `sealed` only. */
export async function settle(db: UserDb, settlements: readonly Settlement[], sealed?: SealedRow): Promise<void> {
  await db.transaction('rw', [db.outbox, db.sealed, db.household, db.person, db.returnee, db.conflict, db.handover, db.referral], async () => {
    if (sealed) await db.sealed.put(sealed)
    for (const next of settlements) {
      const row = await db.outbox.get(next.id)
      if (!row) continue
      if (row.conflict && next.code === EDITED_AGAIN) {
        // Not this choice comes back to the worker, but the question, with the values of now.
        await db.outbox.delete(row.id)
        continue
      }
      const updated: OutboxRow = { ...row, ...next, nextAt: next.nextAt ?? 0 }
      if (next.state === 'confirmed') {
        await keepEdit(db, row)
        await keepHandover(db, row)
        await keepReferral(db, row)
        if (row.conflict) await db.conflict.delete(row.conflict)
        delete updated.body
        delete updated.refers
      }
      if (next.state === 'needs-you' && row.kind === 'handover_answer') await dropProvisional(db, row)
      await db.outbox.put(updated)
      if (next.state === 'confirmed' || awaitsChoice(updated)) await showEdit(db, row)
      if (next.state === 'confirmed' && row.conflict) await settleChosen(db)
    }
  })
}

/** What the server does not have: an edit about which somebody has to choose is there, and waits for the choice alone. */
export async function unsent(db: UserDb): Promise<OutboxRow[]> {
  return (await unsettled(db)).filter((row) => !awaitsChoice(row))
}

/** Unsent records and those that need the worker, oldest first. */
export async function unsettled(db: UserDb): Promise<OutboxRow[]> {
  return db.outbox.where('state').anyOf('waiting', 'sending', 'needs-you').sortBy('seq')
}

/** Everything made on one business day, whatever its state. */
export async function madeOn(db: UserDb, day: string): Promise<OutboxRow[]> {
  return db.outbox.where('day').equals(day).sortBy('seq')
}

const KEEP_CONFIRMED_DAYS = 8

/** Forgets confirmed stubs past the days for which receipts are compared. */
export async function pruneConfirmed(db: UserDb): Promise<number> {
  const before = addDays(today(), -KEEP_CONFIRMED_DAYS)
  await db.sealed.where('day').below(before).delete()
  await db.closings.where('day').below(before).delete()
  return db.outbox.where('day').below(before).filter((row) => row.state === 'confirmed').delete()
}

export async function readRecord(db: UserDb, id: string): Promise<OutboxRow | undefined> {
  return db.outbox.get(id)
}

/** A rejected id was never claimed and is used again, that of an edit that came second is its own; the id of another conflict belongs to another record for good. */
export function idToResend(row: OutboxRow): string {
  return row.verdict === 'conflict' && !awaitsChoice(row) ? newId() : row.id
}

/** Sends a record of the inbox again as it is. */
export async function resend(db: UserDb, id: string): Promise<void> {
  const old = await db.outbox.get(id)
  if (!old?.body || old.state !== 'needs-you') return
  await enqueue(db, {
    id: idToResend(old),
    kind: old.kind,
    body: old.body,
    label: old.label,
    observedAt: new Date(old.observedAt),
    household: old.household,
    person: old.person,
    conflict: old.conflict,
    handover: old.handover,
    outcome: old.outcome,
    session: old.session,
    refers: old.refers,
    replaces: id,
  })
}
