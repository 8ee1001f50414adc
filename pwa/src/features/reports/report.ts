/** Reading a day's report: which figure is what, which days may be opened, what stands in the way of a zero. Pure. */
import type { DailyReport, ReportChild, UnitValue } from '@/api/types'

export type CellKind = 'n' | 'zero' | 'missing' | 'exempt' | 'running'

/** Four values and "so far": never one sign for two of them. */
export function cellKind(unit: { value: UnitValue; state: string }): CellKind {
  if (unit.state === 'exempt' || unit.value === 'exempt') return 'exempt'
  if (unit.state === 'missing' || unit.value === 'missing') return 'missing'
  if (unit.value === 'zero') return 'zero'
  if (unit.value === 'n') return 'n'
  return 'running'
}

export const COVERAGE = ['households_reached', 'households'] as const

/** Share of a cell's households reached, 0–1; null where either figure is absent. */
export function coverage(figures: Record<string, number | null>): number | null {
  const reached = figures.reached ?? figures.households_reached
  const all = figures.households
  if (reached === null || reached === undefined || !all) return null
  return Math.min(1, reached / all)
}

export function isZeroReport(report: Pick<DailyReport, 'evidence' | 'value'>): boolean {
  return report.value === 'zero' || (report.value !== 'n' && report.evidence.facts === 0)
}

export function missingChildren(children: readonly ReportChild[]): ReportChild[] {
  return children.filter((child) => cellKind(child) === 'missing' || (cellKind(child) === 'running' && child.reported === 0))
}

/** `detail` of 409 zero_contradicted: figures by indicator key, in whatever wrapping. */
export function contradictions(detail: unknown): [key: string, value: number][] {
  const source = typeof detail === 'object' && detail !== null && 'figures' in detail ? (detail as { figures: unknown }).figures : detail
  if (typeof source !== 'object' || source === null) return []
  return Object.entries(source as Record<string, unknown>).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] !== 0)
}
