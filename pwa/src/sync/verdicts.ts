/**
 * Pure: what the server's answer (or its silence) means for the queue. The table of docs/sync.md:
 *
 *     created, duplicate             → confirmed
 *     conflict, rejected             → needs-you, never resent unchanged
 *     not named in the answer        → waiting, same id again
 *     401                            → pause, ask for sign-in, keep everything
 *     403 device_revoked             → waiting, told to the worker: carried out by hand
 *     413                            → halve; a single record too large → needs-you
 *     429, 5xx, no usable answer     → waiting, same id later, backoff with jitter
 *     any other refusal of the batch → waiting, told to the worker: no record is at fault
 */
import { ApiError, NoAnswerError, type NoAnswerReason } from '@/api/client'
import type { PushResult } from '@/api/types'
import type { Settlement } from '@/db/outbox'

export function settleItem(id: string, result: PushResult | undefined): Settlement {
  switch (result?.verdict) {
    case 'created':
    case 'duplicate':
      return { id, state: 'confirmed', verdict: result.verdict, code: undefined, field: undefined, message: undefined }
    case 'conflict':
    case 'rejected':
      return { id, state: 'needs-you', verdict: result.verdict, code: result.code ?? result.verdict, field: result.field, message: result.message }
    default:
      return { id, state: 'waiting' }
  }
}

export function settleBatch(ids: readonly string[], results: readonly PushResult[]): Settlement[] {
  const byId = new Map(results.map((result) => [result.id, result]))
  return ids.map((id) => settleItem(id, byId.get(id)))
}

export type Problem = NoAnswerReason | 'signed_out' | 'revoked' | 'full' | 'busy' | 'refused'

export type Failure =
  | { action: 'pause'; problem: 'signed_out' }
  | { action: 'halve' }
  | { action: 'later'; problem: Problem; isolate: boolean; afterMs?: number; message?: string }

/** What to do with a batch that got no verdicts. `isolate`: one of its records may be what the server stumbles over. */
export function judgeFailure(error: unknown): Failure {
  if (error instanceof ApiError) {
    if (error.status === 401) return { action: 'pause', problem: 'signed_out' }
    if (error.status === 413) return { action: 'halve' }
    if (error.code === 'device_revoked') return { action: 'later', problem: 'revoked', isolate: false }
    if (error.status === 429) return { action: 'later', problem: 'busy', isolate: false, afterMs: error.retryAfterMs }
    if (error.status >= 500) return { action: 'later', problem: 'server', isolate: error.status === 500, afterMs: error.retryAfterMs }
    return { action: 'later', problem: 'refused', isolate: false, message: error.message }
  }
  if (error instanceof NoAnswerError) {
    if (error.status === 413) return { action: 'halve' }
    return { action: 'later', problem: error.reason, isolate: error.status === 500 }
  }
  throw error
}
