/**
 * The only code that moves records from the outbox to the server, and the server's changes into the read cache (docs/phone.md,
 * "Sync"). One run at a time across tabs. It knows no store and no screen: it reports through callbacks, wired in boot/.
 */
import { ApiError } from '@/api/client'
import { pull as apiPull, push as apiPush } from '@/api/sync'
import { API_LEVEL, type PullResponse } from '@/api/types'
import { applyPage, pruneFacts, readCursor, readMeta } from '@/db/cache'
import { dueRecords, EDITED_AGAIN, isQuota, markSending, nextDueAt, pruneConfirmed, recoverSending, settle } from '@/db/outbox'
import type { Download, OutboxRow, UserDb } from '@/db/schema'
import { backoffDelay } from '@/lib/backoff'
import { learnServerTime, rawNow } from '@/lib/clock'
import { exclusive } from '@/lib/singleFlight'

import { BATCH_ITEMS, fitBytes, toItem } from './batch'
import { type Progress, progressOf } from './progress'
import { sealedCopy } from './sealing'
import { isUrgent, urgentOf } from './urgent'
import { judgeFailure, type Problem, settleBatch } from './verdicts'

/** Over a slow line every page costs a way there and back; of a page that dies under way everything comes again. */
const PULL_LIMIT = 1000
const PULL_EVERY_MS = 30_000
/** The server may take a moment to draw its conclusions from what was sent (a code, a term of monitoring). */
const CONCLUDED_AFTER_MS = 5_000
/** Failures in a row after which a run gives up, though single records are being tried one by one. */
const GIVE_UP_AFTER = 3

export interface EngineStatus {
  running: boolean
  /** Runs that have ended since the start, well or not. */
  runs: number
  problem: Problem | null
  /** The server's own words for a refusal of the whole batch. */
  message?: string
  pushedAt: number | null
  pulledAt: number | null
  skewSeconds: number
  /** The first download, or one that begins anew; null when the cache is whole. */
  firstSync: Progress | null
  /** The server no longer serves this version of the app; it still takes what was recorded. */
  tooOld: boolean
}

export interface EngineDeps {
  db: UserDb
  device: string
  push?: typeof apiPush
  pull?: typeof apiPull
  onStatus?: (status: EngineStatus) => void
  onSignedOut?: () => void
  /** False for a user whose area is too large for a phone: he sends and is alerted, and downloads nothing. */
  wantsCache?: () => boolean
  /** What must be known before anything is confirmed: the server's keys. */
  beforeSend?: () => Promise<void>
  /** What follows when the queue is empty: days are closed, files of others passed on. */
  afterPull?: () => Promise<void>
  nowMs?: () => number
  random?: () => number
}

export interface SyncOptions {
  /** Someone asked, or the network came back: waits are over. */
  force?: boolean
  pull?: 'auto' | 'always' | 'never'
}

export type SyncEngine = ReturnType<typeof createSyncEngine>

export function createSyncEngine(deps: EngineDeps) {
  const push = deps.push ?? apiPush
  const pull = deps.pull ?? apiPull
  const nowMs = deps.nowMs ?? Date.now
  const random = deps.random ?? Math.random
  const status: EngineStatus = { running: false, runs: 0, problem: null, pushedAt: null, pulledAt: null, skewSeconds: 0, firstSync: null, tooOld: false }
  let stopped = false
  let paused = false
  let failures = 0
  let retryAt = 0
  /** Until `retryAt` the server takes only short uploads: what is urgent need not wait. */
  let shortOnly = false
  let batchItems = BATCH_ITEMS
  /** When to pull for conclusions; 0 = nothing expected. */
  let concludedAt = 0
  let current: Promise<void> | null = null
  let queued: SyncOptions | null = null

  function report(patch: Partial<EngineStatus>): void {
    Object.assign(status, patch)
    if (!stopped) deps.onStatus?.({ ...status })
  }

  function pause(): void {
    paused = true
    report({ problem: 'signed_out' })
    deps.onSignedOut?.()
  }

  function failed(problem: Problem, afterMs?: number, message?: string): void {
    // A server that is busy knows best when to come back; the others are given more time with every failure.
    const told = problem === 'busy' && afterMs ? afterMs * (1 + random() / 2) : undefined
    retryAt = nowMs() + (told ?? Math.max(afterMs ?? 0, backoffDelay(failures, random)))
    failures += 1
    shortOnly = false
    report({ problem, message })
  }

  async function send(rows: OutboxRow[]): Promise<'sent' | 'again' | 'stop'> {
    const sending = await markSending(
      deps.db,
      rows.map((row) => row.id),
    )
    const ids = sending.map((row) => row.id)
    if (!ids.length) return 'again'
    try {
      const answer = await push({ device: deps.device, api_level: API_LEVEL, sent_at: rawNow().toISOString(), items: sending.map(toItem) })
      learnServerTime(answer.server_time)
      const settlements = settleBatch(ids, answer.results)
      const unnamed = settlements.filter((each) => each.state === 'waiting')
      for (const each of unnamed) each.nextAt = nowMs() + backoffDelay(1, random)
      const stored = new Set(settlements.filter((each) => each.state === 'confirmed').map((each) => each.id))
      // Of an edit that came second the server keeps what clashed: it is stored too.
      for (const each of settlements) if (each.code === 'edited_elsewhere') stored.add(each.id)
      const items = sending.filter((row) => stored.has(row.id)).map(toItem)
      await settle(deps.db, settlements, await sealedCopy(deps.db, deps.device, items).catch(() => undefined))
      batchItems = Math.min(BATCH_ITEMS, batchItems * 2)
      if (settlements.some((each) => each.code === EDITED_AGAIN)) concludedAt = nowMs()
      else if (sending.some((row) => row.kind !== 'visit')) concludedAt = nowMs() + CONCLUDED_AFTER_MS
      report({ pushedAt: nowMs(), skewSeconds: answer.skew_seconds ?? 0, problem: null, message: undefined })
      return 'sent'
    } catch (error) {
      return giveBack(error, sending)
    }
  }

  async function giveBack(error: unknown, sending: readonly OutboxRow[]): Promise<'again' | 'stop'> {
    const waiting = sending.map((row) => ({ id: row.id, state: 'waiting' as const, nextAt: 0 }))
    let failure
    try {
      failure = judgeFailure(error)
    } catch (unexpected) {
      await settle(deps.db, waiting)
      throw unexpected
    }
    if (failure.action === 'pause') {
      await settle(deps.db, waiting)
      pause()
      return 'stop'
    }
    if (failure.action === 'halve') {
      if (sending.length === 1) {
        await settle(deps.db, [{ id: sending[0]!.id, state: 'needs-you', verdict: 'rejected', code: 'item_too_large' }])
      } else {
        await settle(deps.db, waiting)
        batchItems = Math.max(1, Math.ceil(sending.length / 2))
      }
      return 'again'
    }
    if (!failure.isolate) {
      await settle(deps.db, waiting)
      failed(failure.problem, failure.afterMs, failure.message)
      shortOnly = failure.problem === 'busy' && !sending.some(isUrgent)
      return 'stop'
    }
    // A 500 may be one record's doing: try smaller batches, and let a lone culprit wait while the others pass it.
    const lone = sending.length === 1
    const delay = lone ? nowMs() + backoffDelay(sending[0]!.attempts, random) : 0
    await settle(
      deps.db,
      waiting.map((each) => ({ ...each, nextAt: delay })),
    )
    batchItems = Math.max(1, Math.ceil(sending.length / 2))
    failures += 1
    if (lone && failures >= GIVE_UP_AFTER + Math.ceil(Math.log2(BATCH_ITEMS))) {
      failed(failure.problem, failure.afterMs)
      return 'stop'
    }
    report({ problem: failure.problem })
    return 'again'
  }

  async function flush(force: boolean, urgentOnly: boolean): Promise<boolean> {
    await recoverSending(deps.db)
    let first = true
    while (!stopped && !paused) {
      const due = await dueRecords(deps.db, nowMs(), force && first)
      const urgent = urgentOf(due)
      const next = urgent.length || urgentOnly ? urgent : due
      if (!next.length) return !urgentOnly
      first = false
      const outcome = await send(fitBytes(next.slice(0, batchItems)))
      if (outcome === 'stop') return false
      if (outcome === 'sent') failures = 0
    }
    return false
  }

  /** A position the server cannot read is dropped; what it then sends is a first download. */
  async function pullFrom(cursor: string): Promise<PullResponse> {
    try {
      return await pull(cursor, PULL_LIMIT)
    } catch (error) {
      if (!cursor || !(error instanceof ApiError) || error.code !== 'bad_cursor') throw error
      return pull('', PULL_LIMIT)
    }
  }

  /** What was recorded meanwhile goes up between the pages: a first download over a bad line takes minutes. */
  async function takeIn(): Promise<void> {
    let cursor = await readCursor(deps.db)
    const before = await readMeta<Download>(deps.db, 'download')
    if (before || !cursor) report({ firstSync: progressOf(before ?? { rows: 0, total: null }, { rows: 0, ms: 0 }) })
    const begun = nowMs()
    let rows = 0
    for (let more = true; more && !stopped; ) {
      const page = await pullFrom(cursor)
      learnServerTime(page.server_time)
      const download = await applyPage(deps.db, page)
      rows += page.changes.length
      if (download) report({ firstSync: progressOf(download, { rows, ms: nowMs() - begun }) })
      // A server that repeats its own cursor with `more` would keep us here for ever.
      more = page.more && page.cursor !== cursor
      cursor = page.cursor
      if (more && !(await flush(false, false))) return
    }
    await pruneFacts(deps.db)
    await pruneConfirmed(deps.db)
    failures = 0
    report({ pulledAt: nowMs(), problem: null, message: undefined, firstSync: null, tooOld: false })
  }

  /** Only an update helps, no waiting; what is recorded until then goes up without delay. */
  function tooOld(error: unknown): void {
    if (!(error instanceof ApiError) || error.code !== 'app_too_old') throw error
    report({ tooOld: true, pulledAt: nowMs(), firstSync: null })
  }

  async function run(options: SyncOptions): Promise<void> {
    if (stopped || paused) return
    const early = !options.force && nowMs() < retryAt
    if (early && !shortOnly) return
    report({ running: true })
    try {
      await deps.beforeSend?.()
      if (!(await flush(options.force ?? false, early))) return
      const wanted = options.pull ?? 'auto'
      const concluded = concludedAt > 0 && nowMs() >= concludedAt
      if (concluded) concludedAt = 0
      const old = concluded || status.pulledAt === null || nowMs() - status.pulledAt >= PULL_EVERY_MS
      const without = (deps.wantsCache && !deps.wantsCache()) || (await readMeta<boolean>(deps.db, 'lean'))
      if (without) report({ pulledAt: nowMs(), problem: null, message: undefined })
      else if (wanted === 'always' || (wanted === 'auto' && old)) await takeIn().catch(tooOld)
      await deps.afterPull?.()
    } catch (error) {
      if (stopped) return
      if (isQuota(error)) return failed('full')
      const failure = judgeFailure(error instanceof ApiError && error.status === 413 ? new ApiError(500, error.code, error.message) : error)
      if (failure.action === 'pause') pause()
      else if (failure.action === 'later') failed(failure.problem, failure.afterMs, failure.message)
    } finally {
      report({ running: false, runs: status.runs + 1 })
    }
  }

  /** Starts a run, or has the one under way followed by another. Resolves when nothing is left to do for now. */
  async function sync(options: SyncOptions = {}): Promise<void> {
    if (current) {
      queued = { force: options.force || queued?.force, pull: options.pull === 'always' ? 'always' : (queued?.pull ?? options.pull) }
      return current
    }
    current = (async () => {
      let next: SyncOptions | null = options
      while (next && !stopped) {
        const now: SyncOptions = next
        queued = null
        await exclusive(`gridkeeper-sync-${deps.db.name}`, () => run(now))
        next = queued
      }
    })().finally(() => {
      current = null
    })
    return current
  }

  return {
    sync,
    status: () => ({ ...status }),
    /** After a new sign-in of the same user. */
    resume(): void {
      paused = false
      retryAt = 0
      failures = 0
      report({ problem: null, message: undefined })
    },
    stop(): void {
      stopped = true
    },
    /** When to look again by ourselves; null when nothing waits. */
    async nextWake(): Promise<number | null> {
      if (stopped || paused) return null
      const due = await nextDueAt(deps.db, nowMs())
      if (shortOnly && nowMs() < retryAt && urgentOf(await dueRecords(deps.db, nowMs())).length) return nowMs()
      const next = concludedAt ? Math.min(concludedAt, due ?? concludedAt) : due
      return next === null ? null : Math.max(next, retryAt)
    },
  }
}
