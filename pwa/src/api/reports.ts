import { request } from './client'
import type { DailyReport, TraceResponse } from './types'

export function dailyReport(region: string, day: string): Promise<DailyReport> {
  return request<DailyReport>('reports/daily/', { query: { region, day } })
}

export function dailyReportSubmit(region: string, day: string, body: { confirm: 'report' | 'zero'; note?: string }): Promise<DailyReport> {
  return request<DailyReport>(`reports/daily/${region}/${day}/submit/`, { method: 'POST', body })
}

export function dailyReportTrace(region: string, day: string, indicator: string, cursor?: string): Promise<TraceResponse> {
  return request<TraceResponse>(`reports/daily/${region}/${day}/trace/`, { query: { indicator, cursor } })
}
