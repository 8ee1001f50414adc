/** Shapes of the wire, as docs/sync.md and /api/v1/schema/ have them. Times are RFC 3339, days YYYY-MM-DD, ids UUID. */
import type { CareFlag, CheckMethod, CloseReason, Need, Occupancy, Outcome, Symptom } from '@/lib/outcomes'
import type { CheckSession } from '@/lib/monitoring'

import type { HandoverAnswerBody, HandoverBody, HandoverRow } from './handovers'
import type { ReferralBody, ReferralRow } from './referrals'
import type { ReturneeBody, ReturneeRow } from './returnees'

export type { HandoverRow } from './handovers'
export type { ReferralBody, ReferralRow } from './referrals'
export type { ReturneeBody, ReturneeRow } from './returnees'

/** The level of the protocol this app speaks; the server accepts the previous one too. */
export const API_LEVEL = 1

export interface ErrorBody {
  code: string
  message: string
  field?: string
  detail?: unknown
}

export interface Duty {
  role: string
  role_label: string
  region: string
  region_name: string
  level: string
  from: string
  to: string | null
}

export interface Session {
  user: { id: number | string; username: string; name: string }
  roles: { role: string; label: string }[]
  duties: Duty[]
  capabilities: string[]
  api_level: number
  csrf: string
  server_time: string
  must_change_password: boolean
}

export interface DeviceRow {
  id: string
  name: string
  last_seen_at?: string | null
  created_at?: string
  current?: boolean
  revoked_at?: string | null
}

/* ── push ─────────────────────────────────────────────────────────────────────────── */

export interface VisitPerson {
  person?: string
  temperature?: number
  symptoms?: Symptom[]
}
export interface VisitBody {
  household: string
  outcome: Outcome
  people?: VisitPerson[]
  needs?: Need[]
  note?: string
}
export interface CheckBody {
  person: string
  session: CheckSession
  method: CheckMethod
  temperature?: number
  symptoms: Symptom[]
  reachable?: boolean
  note?: string
}
export interface HouseholdBody {
  household: string
  region: string
  address: string
  building: string
  unit: string
  floor: number | null
  door: string
  head_name: string
  headcount: number
  phone?: string
  occupancy: Occupancy
  care: CareFlag[]
}
/** What was changed and nothing else; `null` empties a field on purpose (docs/edits.md). */
export type ChangesOf<T> = { [K in keyof T]?: T[K] | null }
export type HouseholdChanges = ChangesOf<Omit<HouseholdBody, 'household' | 'region'>>
export type PersonChanges = ChangesOf<Pick<ReturneeBody, 'name' | 'phone' | 'document_type' | 'document_number'>>
export type ReturneeChanges = ChangesOf<Pick<ReturneeBody, 'origin' | 'origin_text' | 'transport' | 'transport_number' | 'via' | 'arrived_on'> & { left_on: string }>
export interface HouseholdEditBody {
  household: string
  version: number
  changes: HouseholdChanges
}
export interface PersonEditBody {
  person: string
  version: number
  changes: PersonChanges
}
export interface ReturneeEditBody {
  returnee: string
  version: number
  changes: ReturneeChanges
}
export type Side = 'mine' | 'theirs'
export interface ConflictChoiceBody {
  conflict: string
  /** Of the conflict as it was shown: somebody may have changed the record once more meanwhile. */
  version: number
  choices: Record<string, Side>
}
export interface BodyOf {
  visit: VisitBody
  check: CheckBody
  returnee: ReturneeBody
  household: HouseholdBody
  household_edit: HouseholdEditBody
  person_edit: PersonEditBody
  returnee_edit: ReturneeEditBody
  conflict_choice: ConflictChoiceBody
  handover: HandoverBody
  handover_answer: HandoverAnswerBody
  referral: ReferralBody
}
export type RecordKind = keyof BodyOf
export type EditKind = 'household_edit' | 'person_edit' | 'returnee_edit'
/**
 * Schema number of each kind's body as it is made now; raised when a body changes. The server reads the previous two, so a record
 * keeps the number and the body it was made with for as long as it waits, whatever version of the app sends it.
 */
export const SCHEMA: Record<RecordKind, number> = {
  visit: 1, check: 1, returnee: 3, household: 1, household_edit: 1, person_edit: 1, returnee_edit: 2, conflict_choice: 1, handover: 1, handover_answer: 1,
  referral: 1,
}

export interface PushItem {
  id: string
  kind: RecordKind
  schema: number
  seq: number
  observed_at: string
  body: BodyOf[RecordKind]
}
export interface PushRequest {
  device: string
  api_level: number
  sent_at: string
  items: PushItem[]
}
export type Verdict = 'created' | 'duplicate' | 'conflict' | 'rejected'
export interface PushResult {
  id: string
  verdict: Verdict
  code?: string
  field?: string
  message?: string
}
export interface PushResponse {
  results: PushResult[]
  server_time: string
  skew_seconds: number
}

/* ── pull ─────────────────────────────────────────────────────────────────────────── */

export interface RegionRow {
  id: string
  code: string
  name: string
  level: string
  parent: string | null
}
/** What the phone adds to a row that may be edited; never on the wire. */
export interface Edited<T> {
  /** The row as delivered, under edits of this phone that are not delivered yet. */
  delivered?: T
}
export interface HouseholdRow extends Edited<HouseholdRow> {
  id: string
  region: string
  address: string
  building: string
  unit: string
  floor: number | null
  door: string
  head: string
  headcount: number
  occupancy: Occupancy
  care: CareFlag[]
  phone_known: boolean
  version: number
  sort: string
  /** Set by the phone for a household it has made or accepted itself and the server has not delivered yet. */
  pending?: boolean
  /** Of one that was accepted here: the hand-over, which holds all that is known of it so far. */
  handover?: string
}
export interface PersonRow extends Edited<PersonRow> {
  id: string
  household?: string | null
  region: string
  name: string
  purpose: string[]
  phone_last4?: string | null
  version: number
  pending?: boolean
}
export type Colour = 'green' | 'yellow' | 'red'
export interface CodeRow {
  id: string
  person: string
  colour: Colour
  reason: string
  since: string
  rule_version: string
  clause: string
}
export interface VisitRow {
  id: string
  household: string
  region: string
  outcome: Outcome
  observed_at: string
  day: string
  temperature_max?: number | null
  /** Persons of the household with fever, and with any symptom. */
  fever?: number
  symptoms?: number
  author_name: string
  mine: boolean
}
export interface CheckRow {
  id: string
  person: string
  region: string
  session: CheckSession
  day: string
  temperature?: number | null
  symptoms: Symptom[]
  method: CheckMethod
  author_name: string
}
export interface PolicyRow {
  id: string
  key: string
  value: unknown
  unit: string
  version: string | number
  clause: string
}
/** A field that two people changed, with both values as a phone may show them; one waits for a choice (docs/edits.md). */
export interface ConflictField {
  field: string
  mine: unknown
  theirs: unknown
  theirs_by: string
  theirs_at: string
}
export interface ConflictRow {
  id: string
  kind: EditKind
  target: string
  region: string
  place: string
  author_name: string
  /** Whether I made the edit that came second. */
  mine: boolean
  made_at: string
  /** More than one: somebody changed the record once more before a choice arrived, and `fields` shows what stands now. */
  version: number
  fields: ConflictField[]
}
/** How a conflict of mine ended, wherever the record lies now. */
export interface ConflictEnd {
  state: 'chosen' | 'void'
  choices: Record<string, Side>
  by: string
  at: string
  /** Whether I chose. */
  mine: boolean
}
export interface CacheRows {
  region: RegionRow
  household: HouseholdRow
  person: PersonRow
  returnee: ReturneeRow
  code: CodeRow
  visit: VisitRow
  check: CheckRow
  policy: PolicyRow
  conflict: ConflictRow
  handover: HandoverRow
  referral: ReferralRow
}
export type CacheKind = keyof CacheRows

export interface Change {
  kind: string
  id: string
  op: 'put' | 'delete'
  data?: Record<string, unknown>
}
export interface PullResponse {
  resync: boolean
  cursor: string
  more: boolean
  changes: Change[]
  scope: string[]
  history: string
  server_time: string
  /** Of a first page that is not the last: how many changes the whole download brings, as far as is known. */
  total?: number
}

/* ── alerts ───────────────────────────────────────────────────────────────────────── */

export type Severity = 'urgent' | 'warning' | 'notice'
export type AlertState = 'open' | 'acknowledged' | 'closed'
export interface AlertRow {
  id: string
  rule: string
  severity: Severity
  state: AlertState
  region: string
  region_name: string
  place: string
  title: string
  household?: string | null
  person?: string | null
  raised_at: string
  due_at?: string | null
  acknowledged_at?: string | null
  acknowledged_by?: string | null
  closed_at?: string | null
  /** `answered`, `settled`: the system closed it, for the missed check was made, the hand-over answered after all. */
  close_reason?: CloseReason | 'answered' | 'settled' | '' | null
  why?: { text: string; rule: string; version: string; clause: string }
  capabilities?: string[]
}
export type AlertEventType = 'raised' | 'acknowledged' | 'closed' | 'reopened' | 'moved_out' | 'moved_in'
export interface AlertEvent {
  seq: number
  type: AlertEventType
  alert: string
  at: string
  region: string
  rule: string
  severity: Severity
  title: string
  place: string
  due_at?: string | null
  by?: string | null
  reason?: AlertRow['close_reason']
  other_region?: string | null
}
export interface AlertList {
  alerts: AlertRow[]
  events: AlertEvent[]
  last_seq: number
  more: boolean
}

/* ── people ───────────────────────────────────────────────────────────────────────── */

export interface CodeHistory {
  colour: Colour
  reason: string
  since: string
  rule_version?: string
  clause?: string
}
export interface PersonCode extends CodeHistory {
  history: CodeHistory[]
}
