/**
 * IndexedDB of the app (docs/pwa.md, "What lies on the phone").
 *
 * One database per user — outbox, drafts, read cache — named after his id and deleted on sign-out; one small database per device
 * for its id and its record counter, which outlive a change of user. Durability is strict: a save resolves when the browser has
 * handed the transaction to the disk (Chromium; other engines do so anyway or not at all).
 */
import Dexie, { type EntityTable, type Table } from 'dexie'

import type {
  AlertRow,
  BodyOf,
  CheckRow,
  CodeRow,
  HouseholdRow,
  PersonRow,
  PolicyRow,
  RecordKind,
  RegionRow,
  ReturneeRow,
  Verdict,
  VisitRow,
} from '@/api/types'
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
  outcome?: Outcome
  session?: CheckSession
  /** Where it belongs, in words without names: 3幢 1单元 501. */
  label: string
  verdict?: Verdict
  code?: string
  field?: string
  message?: string
}

export interface DraftRow {
  key: string
  /** Id of the record this form will make. */
  id: string
  value: unknown
  savedAt: number
}

export interface MetaRow {
  key: string
  value: unknown
}

export const CACHE_KINDS = ['region', 'household', 'person', 'returnee', 'code', 'visit', 'check', 'policy'] as const

export class UserDb extends Dexie {
  outbox!: EntityTable<OutboxRow, 'id'>
  drafts!: EntityTable<DraftRow, 'key'>
  meta!: EntityTable<MetaRow, 'key'>
  region!: Table<RegionRow, string>
  household!: Table<HouseholdRow, string>
  person!: Table<PersonRow, string>
  returnee!: Table<ReturneeRow, string>
  code!: Table<CodeRow, string>
  visit!: Table<VisitRow, string>
  check!: Table<CheckRow, string>
  policy!: Table<PolicyRow, string>
  alert!: Table<AlertRow, string>

  constructor(userId: string) {
    super(userDbName(userId), { chromeTransactionDurability: 'strict' })
    this.version(1).stores({
      outbox: 'id, state, day, seq, household, person',
      drafts: 'key',
      meta: 'key',
      region: 'id',
      household: 'id, region',
      person: 'id, household',
      returnee: 'id, person',
      code: 'id',
      visit: 'id, household, day',
      check: 'id, person, day',
      policy: 'id',
      alert: 'id, state',
    })
  }
}

export class DeviceDb extends Dexie {
  meta!: EntityTable<MetaRow, 'key'>

  constructor() {
    super('gridkeeper-device', { chromeTransactionDurability: 'strict' })
    this.version(1).stores({ meta: 'key' })
  }
}

export function userDbName(userId: string): string {
  return `gridkeeper-user-${userId}`
}

export async function deleteUserDb(userId: string): Promise<void> {
  await Dexie.delete(userDbName(userId))
}
