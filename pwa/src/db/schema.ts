/**
 * What lies in IndexedDB (docs/phone.md, "What lies on the phone"). Shapes and names only: the library that reads and writes them is
 * in database.ts, which is fetched when today's list has been painted.
 */
import type { BodyOf, ConflictEnd, RecordKind, Verdict } from '@/api/types'
import type { CheckSession } from '@/lib/monitoring'
import type { Outcome } from '@/lib/outcomes'

export type OutboxState = 'waiting' | 'sending' | 'confirmed' | 'needs-you'

/** One record made on this phone. `body` is what was typed; it leaves the phone's memory once the server has confirmed it. */
export interface OutboxRow<K extends RecordKind = RecordKind> {
  id: string
  kind: K
  schema: number
  seq: number
  observedAt: string
  day: string
  body?: BodyOf[K]
  state: OutboxState
  /** Not before this instant of the phone's clock (ms): the seconds in which the worker can take it back. 0 = at once. */
  holdUntil: number
  savedAt: number
  attempts: number
  /** Not before this instant, after an answer that never came. */
  nextAt: number
  household?: string
  person?: string
  /** Of a choice between two values. */
  conflict?: string
  /** Of an answer: the hand-over it answers. */
  handover?: string
  outcome?: Outcome
  session?: CheckSession
  /** Where it belongs, in words without names: 3幢1单元501. */
  label: string
  verdict?: Verdict
  code?: string
  field?: string
  message?: string
  /** Of a referral, until the server has it: the record it hands up, as it lay in the inbox. */
  refers?: OutboxRow
  /** The conflict of this edit has been delivered: when it is gone, somebody has chosen. */
  conflictSeen?: boolean
  /** Of an edit that came second: who chose, and what. */
  ended?: ConflictEnd
}

export interface DraftRow {
  key: string
  /** Id of the record this form will make. */
  id: string
  value: unknown
  savedAt: number
}

/** What was confirmed, sealed for the server: the phone cannot read it, and can still deliver it if a restored server forgot it. */
export interface SealedRow {
  id: string
  /** Ids of the records inside. */
  ids: string[]
  day: string
  text: string
}

/** How a day compared with the server when it was last asked (docs/receipts.md). */
export interface ClosingRow {
  day: string
  at: number
  made: number
  confirmed: number
  missing: number
  refused: number
  forgotten: number
  closed: boolean
  statement: string
  signature: string
  key: string
  history: string
}

/** A sealed file of somebody else's, taken over to be passed on. */
export interface BroughtRow {
  id: string
  text: string
  takenAt: number
  state: 'waiting' | 'done' | 'refused'
  author?: string
  created?: number
  duplicates?: number
  refused?: number
  message?: string
}

/** How far a first download has come; kept beside the cursor until it is whole. */
export interface Download {
  rows: number
  total: number | null
}

export interface MetaRow {
  key: string
  value: unknown
}

export const CACHE_KINDS = ['region', 'household', 'person', 'returnee', 'code', 'visit', 'check', 'policy', 'conflict', 'handover', 'referral'] as const

export type { UserDb } from './database'

export function userDbName(userId: string): string {
  return `gridkeeper-user-${userId}`
}
