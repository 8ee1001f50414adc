/** Shapes of the wire, as docs/sync.md and /api/v1/schema/ have them. Times are RFC 3339, days YYYY-MM-DD, ids UUID. */
import type { CareFlag, CheckMethod, CloseReason, Need, Occupancy, Outcome, Symptom } from '@/lib/outcomes'
import type { CheckSession } from '@/lib/monitoring'
import type { DocumentType } from '@/lib/document'

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
export interface ReturneeBody {
  person: string
  name: string
  phone: string
  document_type: DocumentType
  document_number: string
  origin?: string
  origin_text?: string
  arrived_on: string
  transport?: string
  household?: string
  address?: string
  region: string
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
export interface BodyOf {
  visit: VisitBody
  check: CheckBody
  returnee: ReturneeBody
  household: HouseholdBody
}
export type RecordKind = keyof BodyOf
/** Schema number of each kind's body; raised when a body changes, and the server keeps reading the previous two. */
export const SCHEMA: Record<RecordKind, number> = { visit: 1, check: 1, returnee: 1, household: 1 }

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
export interface HouseholdRow {
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
  /** Set by the phone for a household it has made itself and the server has not delivered yet. */
  pending?: boolean
}
export interface PersonRow {
  id: string
  household?: string | null
  region: string
  name: string
  purpose: string[]
  phone_last4?: string | null
  version: number
  pending?: boolean
}
export interface ReturneeRow {
  id: string
  person: string
  region: string
  origin_name: string
  arrived_on: string
  monitor_from: string
  monitor_to: string
  state: 'present' | 'left'
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
export interface CacheRows {
  region: RegionRow
  household: HouseholdRow
  person: PersonRow
  returnee: ReturneeRow
  code: CodeRow
  visit: VisitRow
  check: CheckRow
  policy: PolicyRow
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
  /** `answered`: the system closed it, for the missed check was made after all. */
  close_reason?: CloseReason | 'answered' | '' | null
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

/* ── the day's report ─────────────────────────────────────────────────────────────── */

export type UnitValue = 'n' | 'zero' | 'missing' | 'exempt' | null
/** `inactive`: no grid cell lies below, nothing is expected. */
export type UnitState = 'running' | 'submitted' | 'confirmed' | 'missing' | 'exempt' | 'inactive'
export interface Indicator {
  key: string
  name: string
  unit: string
  duty: string
  kind: 'stock' | 'flow' | 'event' | 'derived'
}
export interface ReportChild {
  code: string
  name: string
  level: string
  state: UnitState
  value: UnitValue
  automatic: boolean
  late: boolean
  reported: number
  expected: number
  figures: Record<string, number | null>
  has_children: boolean
}
export interface DailyReport {
  region: { code: string; name: string; level: string; parent: string | null }
  day: string
  is_closed: boolean
  cutoff: string | null
  state: UnitState
  value: UnitValue
  automatic: boolean
  late: boolean
  revision: number | null
  reported: number
  expected: number
  figures: Record<string, number | null>
  indicators: Indicator[]
  evidence: { facts: number; visits: number; checks: number; last_received_at: string | null }
  corrections: { n: number; at: string; changed: Record<string, [number | null, number | null]> }[]
  submitted_by?: string | null
  submitted_at?: string | null
  can_submit: boolean
  confirm_opens?: string | null
  confirm_ends?: string | null
  children: ReportChild[]
}
export interface TraceRow {
  kind: string
  id?: string
  code?: string
  name?: string
  figure?: number | null
  state?: string
  region?: string
  region_name?: string
  place?: string
  person_masked?: string
  outcome?: Outcome
  temperature?: number | null
  symptoms?: Symptom[]
  observed_at?: string
  received_at?: string
  author_name?: string
}
export interface TraceResponse {
  region: { code: string; name: string; level: string; parent: string | null }
  day: string
  indicator: string
  revision: number | null
  figure: number | null
  rows: TraceRow[]
  next: string | null
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
