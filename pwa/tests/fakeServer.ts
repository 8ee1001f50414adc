/**
 * The server as docs/sync.md describes it, in memory, with faults to order. Knows nothing of our code but the wire's types.
 */
import { ApiError, NoAnswerError } from '@/api/client'
import type { Change, PullResponse, PushItem, PushRequest, PushResponse, PushResult } from '@/api/types'

type Fault = 'offline' | 'lost-answer' | 'html-200' | '401' | '413' | '429' | '500' | '503' | '403' | 'revoked'

export class FakeServer {
  /** Bodies stored, by id, as canonical text. */
  readonly stored = new Map<string, string>()
  readonly batches: string[][] = []
  readonly order: number[] = []
  /** Taken one per request, first first; `null` is a healthy request. */
  faults: (Fault | null)[] = []
  /** Items refused whatever they hold. */
  reject = new Map<string, { code: string; field?: string; message?: string }>()
  /** Edits that came second: stored, with both values kept. */
  conflicts = new Map<string, { code: string; field?: string; message?: string }>()
  /** The server stumbles over this item, and with it over the batch. */
  poison = new Set<string>()
  maxItems = 500
  pages: PullResponse[] = []
  pulls: string[] = []
  /** This app is older than the server still serves. */
  tooOld = false
  onPush: ((request: PushRequest) => Promise<void> | void) | null = null

  push = async (request: PushRequest): Promise<PushResponse> => {
    this.batches.push(request.items.map((item) => item.id))
    await this.onPush?.(request)
    const fault = this.faults.shift() ?? null
    if (fault && fault !== 'lost-answer') throw failure(fault)
    if (request.items.length > this.maxItems) throw new ApiError(413, 'too_large', '一次提交的内容过大')
    if (request.items.some((item) => this.poison.has(item.id))) throw failure('500')
    const results = request.items.map((item) => this.judge(item))
    if (fault === 'lost-answer') throw new NoAnswerError('timeout')
    return { results, server_time: new Date().toISOString(), skew_seconds: 0 }
  }

  pull = async (cursor: string): Promise<PullResponse> => {
    this.pulls.push(cursor)
    if (this.tooOld) throw new ApiError(426, 'app_too_old', '应用版本太旧')
    const page = this.pages.shift()
    return page ?? { resync: false, cursor: cursor || 'c0', more: false, changes: [], scope: [], history: 'h', server_time: new Date().toISOString() }
  }

  private judge(item: PushItem): PushResult {
    const refusal = this.reject.get(item.id)
    if (refusal) return { id: item.id, verdict: 'rejected', ...refusal }
    const second = this.conflicts.get(item.id)
    if (second) return { id: item.id, verdict: 'conflict', ...second }
    const text = JSON.stringify([item.kind, item.schema, item.observed_at, item.body])
    const known = this.stored.get(item.id)
    if (known === undefined) {
      this.stored.set(item.id, text)
      this.order.push(item.seq)
      return { id: item.id, verdict: 'created' }
    }
    return known === text ? { id: item.id, verdict: 'duplicate' } : { id: item.id, verdict: 'conflict', code: 'id_reused' }
  }
}

function failure(fault: Fault): Error {
  if (fault === 'offline') return new NoAnswerError('offline')
  if (fault === 'html-200') return new NoAnswerError('not_ours', 200)
  if (fault === 'revoked') return new ApiError(403, 'device_revoked', '这台设备已被停用')
  const status = Number(fault)
  const codes: Record<number, string> = { 401: 'not_signed_in', 403: 'forbidden', 413: 'too_large', 429: 'too_many_requests', 500: 'internal', 503: 'unavailable' }
  return new ApiError(status, codes[status] ?? 'internal', '出错')
}

export function page(changes: Change[], options: Partial<PullResponse> = {}): PullResponse {
  return { resync: false, cursor: 'c1', more: false, changes, scope: ['220521901901901'], history: 'h1', server_time: new Date().toISOString(), ...options }
}
