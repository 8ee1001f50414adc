/**
 * IndexedDB through Dexie: one database per user — outbox, drafts, read cache — named after his id and deleted on sign-out; one
 * small database per device for its id and its record counter, which outlive a change of user. Durability is strict: a save
 * resolves when the browser has handed the transaction to the disk (Chromium; other engines do so anyway or not at all).
 *
 * Imported only by open.ts and device.ts, and by these only when needed: it is a quarter of all the code that starts.
 */
import Dexie, { type EntityTable, liveQuery, type Table } from 'dexie'

import type { AlertRow, CheckRow, CodeRow, ConflictRow, HandoverRow, HouseholdRow, PersonRow, PolicyRow, ReferralRow, RegionRow, ReturneeRow, VisitRow } from '@/api/types'

import { type BroughtRow, type ClosingRow, type DraftRow, type MetaRow, type OutboxRow, type SealedRow, userDbName } from './schema'

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
  conflict!: Table<ConflictRow, string>
  handover!: Table<HandoverRow, string>
  referral!: Table<ReferralRow, string>
  alert!: Table<AlertRow, string>
  sealed!: EntityTable<SealedRow, 'id'>
  closings!: EntityTable<ClosingRow, 'day'>
  brought!: EntityTable<BroughtRow, 'id'>

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
    this.version(2).stores({ sealed: 'id, *ids, day', closings: 'day', brought: 'id, state' })
    this.version(3).stores({ conflict: 'id' })
    this.version(4).stores({ handover: 'id' })
    this.version(5).stores({ referral: 'id' })
  }

  /** Live read: the callback runs now and after every change of what was read, also from another tab. Returns how to stop it. */
  watch<T>(read: () => Promise<T>, onValue: (value: T) => void): () => void {
    const subscription = liveQuery(read).subscribe({ next: onValue, error: () => undefined })
    return () => subscription.unsubscribe()
  }
}

export class DeviceDb extends Dexie {
  meta!: EntityTable<MetaRow, 'key'>

  constructor() {
    super('gridkeeper-device', { chromeTransactionDurability: 'strict' })
    this.version(1).stores({ meta: 'key' })
  }
}
