import { NoAnswerError, request } from './client'
import { API_LEVEL, type PullResponse, type PushRequest, type PushResponse, type PushResult, type Verdict } from './types'

const PUSH_TIMEOUT_MS = 60_000

/** The server's public keys, and this phone's ticket for records carried in by hand (docs/hand-carry.md). */
export interface KeysResponse {
  receipts: { key: string; point: string }
  carry: { key: string; point: string }
  ticket: string
}

/** A day, compared by id and signed (docs/receipts.md). */
export interface ClosingResponse {
  day: string
  device: string
  made: number
  confirmed: number
  missing: string[]
  refused: string[]
  forgotten: number
  closed: boolean
  statement: string
  signature: string
  key: string
}

/** What came of a carried file: verdicts, nothing of what was written. */
export interface CarriedResponse {
  author: string
  made_at: string
  items: number
  counts: Record<Verdict, number>
  results: PushResult[]
}

/** Uploads one batch. An answer without a list of results is not ours (a portal that speaks JSON, a wrong server). */
export async function push(body: PushRequest): Promise<PushResponse> {
  const answer = await request<PushResponse>('sync/push/', { method: 'POST', body, gzip: true, timeoutMs: PUSH_TIMEOUT_MS })
  if (!answer || !Array.isArray(answer.results)) throw new NoAnswerError('not_ours', 200)
  return answer
}

export async function pull(cursor: string, limit: number): Promise<PullResponse> {
  const answer = await request<PullResponse>('sync/pull/', { query: { cursor, limit, api_level: API_LEVEL }, timeoutMs: PUSH_TIMEOUT_MS })
  if (!answer || !Array.isArray(answer.changes) || typeof answer.cursor !== 'string') throw new NoAnswerError('not_ours', 200)
  return answer
}

export async function keys(device: string): Promise<KeysResponse> {
  const answer = await request<KeysResponse>('sync/keys/', { query: { device } })
  // They are asked for once and kept: a portal's would spoil every carried file to come.
  if (typeof answer?.ticket !== 'string' || !answer.carry?.point) throw new NoAnswerError('not_ours', 200)
  return answer
}

export async function closeDay(device: string, day: string, made: readonly string[]): Promise<ClosingResponse> {
  const answer = await request<ClosingResponse>('sync/receipts/', { method: 'POST', body: { device, day, made } })
  if (!answer || !Array.isArray(answer.missing)) throw new NoAnswerError('not_ours', 200)
  return answer
}

/** Passes on a sealed file, ours or somebody else's: `text` as it was made. */
export async function bringIn(text: string): Promise<CarriedResponse> {
  const answer = await request<CarriedResponse>('sync/carried/', { method: 'POST', text, timeoutMs: PUSH_TIMEOUT_MS })
  if (!answer || !Array.isArray(answer.results)) throw new NoAnswerError('not_ours', 200)
  return answer
}
