/**
 * Closing the days (docs/receipts.md): what this phone made is compared with what the server holds, by id. What a restored server
 * forgot goes out again as the sealed copy that was kept of it. Quiet while nothing has changed: a closed day is not asked again.
 */
import { ApiError, NoAnswerError } from '@/api/client'
import { bringIn as apiBringIn, closeDay as apiCloseDay, type ClosingResponse } from '@/api/sync'
import { readMeta } from '@/db/cache'
import { daysMade, forgottenByServer, readClosing, sealedOf, writeClosing } from '@/db/closings'
import { settle } from '@/db/outbox'
import type { ClosingRow, UserDb } from '@/db/schema'

import { isProved as isProvedBy } from './proving'

/** An open day is compared again after this long, unless somebody asks. */
const AGAIN_AFTER_MS = 30 * 60_000

export interface CloserDeps {
  db: UserDb
  device: string
  closeDay?: typeof apiCloseDay
  bringIn?: typeof apiBringIn
  isProved?: typeof isProvedBy
  nowMs?: () => number
}

export type Closer = ReturnType<typeof createCloser>

export function createCloser(deps: CloserDeps) {
  const closeDay = deps.closeDay ?? apiCloseDay
  const bringIn = deps.bringIn ?? apiBringIn
  const isProved = deps.isProved ?? isProvedBy
  const nowMs = deps.nowMs ?? Date.now

  function isDue(last: ClosingRow | undefined, made: number, history: string): boolean {
    if (!last || last.history !== history) return true
    const same = last.made === made
    if (last.closed && same) return false
    return nowMs() - last.at >= AGAIN_AFTER_MS
  }

  /**
   * Sends the sealed copies of what the server forgot: of `open` ids, those that are confirmed here. Also such as the server
   * remembers as sent back, when they were mended since. Records of which there is no copy are shown to the worker.
   */
  async function sendAgain(open: readonly string[]): Promise<boolean> {
    const lost = await forgottenByServer(deps.db, open)
    if (!lost.length) return false
    const ids = lost.map((row) => row.id)
    const copies = await sealedOf(deps.db, ids)
    const covered = new Set(copies.flatMap((copy) => copy.ids))
    for (const copy of copies) await bringIn(copy.text)
    const gone = ids.filter((id) => !covered.has(id))
    await settle(deps.db, gone.map((id) => ({ id, state: 'needs-you' as const, verdict: 'rejected' as const, code: 'lost_by_server' })))
    return copies.length > 0
  }

  async function compared(day: string, ids: readonly string[]): Promise<ClosingResponse> {
    const answer = await closeDay(deps.device, day, ids)
    const proved = answer.day === day && answer.device === deps.device && (await isProved(deps.db, answer, ids))
    if (!proved) throw new NoAnswerError('not_ours', 200)
    return answer
  }

  async function closeOne(day: string, ids: readonly string[], history: string): Promise<void> {
    let answer = await compared(day, ids)
    const open = [...answer.missing, ...answer.refused]
    if (open.length && (await sendAgain(open))) answer = await compared(day, ids)
    const { made, confirmed, missing, refused, forgotten, closed, statement, signature, key } = answer
    const counted = { made, confirmed, missing: missing.length, refused: refused.length, forgotten, closed }
    await writeClosing(deps.db, { day, at: nowMs(), ...counted, statement, signature, key, history })
  }

  return {
    /**
     * Compares every day that is due; with `force`, every day. Throws what the network throws. A refusal throws only where
     * somebody asked: a day that cannot be compared must not hold up the records of the next.
     */
    async closeDue(force = false): Promise<void> {
      const history = (await readMeta<string>(deps.db, 'history')) ?? ''
      for (const { day, ids } of await daysMade(deps.db)) {
        if (!force && !isDue(await readClosing(deps.db, day), ids.length, history)) continue
        try {
          await closeOne(day, ids, history)
        } catch (error) {
          if (force || !(error instanceof ApiError) || error.status === 401 || error.status === 429 || error.status >= 500) throw error
        }
      }
    },
  }
}
