import { NoAnswerError, request } from './client'
import type { PullResponse, PushRequest, PushResponse, ReceiptResponse } from './types'

const PUSH_TIMEOUT_MS = 60_000

/** Uploads one batch. An answer without a list of results is not ours (a portal that speaks JSON, a wrong server). */
export async function push(body: PushRequest): Promise<PushResponse> {
  const answer = await request<PushResponse>('sync/push/', { method: 'POST', body, gzip: true, timeoutMs: PUSH_TIMEOUT_MS })
  if (!answer || !Array.isArray(answer.results)) throw new NoAnswerError('not_ours', 200)
  return answer
}

export async function pull(cursor: string, limit: number): Promise<PullResponse> {
  const answer = await request<PullResponse>('sync/pull/', { query: { cursor, limit }, timeoutMs: PUSH_TIMEOUT_MS })
  if (!answer || !Array.isArray(answer.changes) || typeof answer.cursor !== 'string') throw new NoAnswerError('not_ours', 200)
  return answer
}

export function receipts(day: string, device: string): Promise<ReceiptResponse> {
  return request<ReceiptResponse>('sync/receipts/', { query: { day, device } })
}
