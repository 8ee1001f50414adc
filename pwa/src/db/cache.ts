/**
 * The read cache: what the server has delivered of my cells, masked as delivered. Written by pull alone (and by the provisional
 * rows of db/provisional.ts). Changes and cursor are written in one transaction, so a pull that dies goes on where it was.
 */
import type { AlertRow, CacheKind, Change, PullResponse } from '@/api/types'
import { addDays, today } from '@/lib/clock'
import { freeReserve } from '@/lib/storage'

import { noteSeen, settleChosen } from './conflicts'
import { showAllEdits } from './edits'
import { pruneHandovers } from './handovers'
import { putProvisional } from './provisional'
import { pruneReferrals } from './referrals'
import type { UserDb } from './database'
import { CACHE_KINDS, type Download } from './schema'

const KEEP_FACT_DAYS = 7

function isCacheKind(kind: string): kind is CacheKind {
  return (CACHE_KINDS as readonly string[]).includes(kind)
}

export async function readCursor(db: UserDb): Promise<string> {
  return ((await db.meta.get('cursor'))?.value as string | undefined) ?? ''
}

/** What was made here stands in the lists until it is delivered; an accepted household, from when its hand-over has been. */
async function restoreProvisional(db: UserDb): Promise<void> {
  const rows = await db.outbox.where('state').anyOf('waiting', 'sending', 'needs-you').toArray()
  for (const row of rows) await putProvisional(db, row)
}

function group(changes: readonly Change[]): Map<CacheKind, Map<string, Change>> {
  const groups = new Map<CacheKind, Map<string, Change>>()
  for (const change of changes) {
    // A kind or an operation this app does not know belongs to a newer one, and must not hide what it does know of the row.
    if (!isCacheKind(change.kind) || !['put', 'delete'].includes(change.op)) continue
    if (!groups.has(change.kind)) groups.set(change.kind, new Map())
    groups.get(change.kind)!.set(change.id, change)
  }
  return groups
}

/**
 * Applies one page. `resync` empties the cache first and never touches outbox or drafts. Returns how far the first download that
 * it belongs to has come; null where it is whole.
 */
export async function applyPage(db: UserDb, page: PullResponse): Promise<Download | null> {
  const tables = CACHE_KINDS.map((kind) => db.table(kind))
  return db.transaction('rw', [...tables, db.meta, db.outbox], async () => {
    if (page.resync) for (const table of tables) await table.clear()
    for (const [kind, changes] of group(page.changes)) {
      const table = db.table(kind)
      const puts = [...changes.values()].filter((change) => change.op === 'put').map((change) => ({ ...change.data, id: change.id }))
      const deletes = [...changes.values()].filter((change) => change.op === 'delete').map((change) => change.id)
      if (kind === 'returnee') await dropPendingReturnees(db, puts as unknown as { person: string }[])
      if (puts.length) await table.bulkPut(puts)
      if (deletes.length) await table.bulkDelete(deletes)
      if (kind === 'conflict') await noteSeen(db, [...changes.values()])
    }
    await restoreProvisional(db)
    await showAllEdits(db)
    if (!page.more) await settleChosen(db)
    await db.meta.bulkPut([
      { key: 'cursor', value: page.cursor },
      { key: 'scope', value: page.scope },
      { key: 'history', value: page.history },
    ])
    if (!page.more) {
      await db.meta.put({ key: 'pulledAt', value: Date.now() })
      await db.meta.delete('download')
      return null
    }
    const before = page.resync ? { rows: 0, total: page.total ?? null } : await readMeta<Download>(db, 'download')
    if (!before) return null
    const download = { ...before, rows: before.rows + page.changes.length }
    await db.meta.put({ key: 'download', value: download })
    return download
  })
}

/**
 * Frees the reserve and what was downloaded, when the phone is full; that can be had again. What was recorded here is never touched.
 * Until `lean` is taken back by hand, nothing is downloaded.
 */
export async function dropCache(db: UserDb): Promise<void> {
  // An accepted household stands on its hand-over, and of these there are few.
  const tables = CACHE_KINDS.filter((kind) => kind !== 'handover').map((kind) => db.table(kind))
  await freeReserve()
  // A full disk takes nothing that writes, were it a single mark: what only clears goes first, and alone.
  await db.transaction('rw', [...tables, db.alert, db.meta], async () => {
    for (const table of [...tables, db.alert]) await table.clear()
    await db.meta.bulkDelete(['cursor', 'pulledAt', 'download'])
  })
  await db.transaction('rw', [...tables, db.handover, db.meta, db.outbox], async () => {
    await db.meta.put({ key: 'lean', value: true })
    await restoreProvisional(db)
  })
}

async function dropPendingReturnees(db: UserDb, delivered: { person: string }[]): Promise<void> {
  const persons = delivered.map((row) => row.person)
  if (!persons.length) return
  await db.returnee.where('person').anyOf(persons).filter((row) => row.pending === true).delete()
}

/** Facts older than the days the phone holds. */
export async function pruneFacts(db: UserDb): Promise<void> {
  const before = addDays(today(), -KEEP_FACT_DAYS)
  await db.visit.where('day').below(before).delete()
  await db.check.where('day').below(before).delete()
  await pruneHandovers(db, before)
  await pruneReferrals(db, before)
}

export async function readMeta<T>(db: UserDb, key: string): Promise<T | undefined> {
  return (await db.meta.get(key))?.value as T | undefined
}

export async function writeMeta(db: UserDb, key: string, value: unknown): Promise<void> {
  await db.meta.put({ key, value })
}

/** Alerts as last seen, for a phone without network. */
export async function replaceAlerts(db: UserDb, alerts: readonly AlertRow[]): Promise<void> {
  await db.transaction('rw', db.alert, async () => {
    await db.alert.clear()
    await db.alert.bulkPut([...alerts])
  })
}

export async function readAlerts(db: UserDb): Promise<AlertRow[]> {
  return db.alert.toArray()
}
