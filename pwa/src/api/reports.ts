/** The day's report and what its figures are made of. */
import type { Outcome, Symptom } from '@/lib/outcomes'

import { request } from './client'

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

export function dailyReport(region: string, day: string): Promise<DailyReport> {
  return request<DailyReport>('reports/daily/', { query: { region, day } })
}

export function dailyReportSubmit(region: string, day: string, body: { confirm: 'report' | 'zero'; note?: string }): Promise<DailyReport> {
  return request<DailyReport>(`reports/daily/${region}/${day}/submit/`, { method: 'POST', body })
}

export function dailyReportTrace(region: string, day: string, indicator: string, cursor?: string): Promise<TraceResponse> {
  return request<TraceResponse>(`reports/daily/${region}/${day}/trace/`, { query: { indicator, cursor } })
}
