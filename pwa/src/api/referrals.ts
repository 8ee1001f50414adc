/** Records that came back, handed up to the office (docs/referrals.md). */
import type { RecordKind } from './types'

/** The record as it was sent, and the code it came back with. */
export interface ReferralBody {
  item: string
  kind: RecordKind
  schema: number
  seq: number
  observed_at: string
  record: unknown
  code: string
  place: string
  note?: string
}
export type ReferralState = 'open' | 'stored' | 'recorded' | 'again' | 'dismissed'
export interface ReferralRow {
  id: string
  item: string
  kind: RecordKind
  place: string
  made_at: string
  state: ReferralState
  answered_by: string
  answered_at: string | null
}
