/** Reading a day's report: which figure is what, which days may be opened, what stands in the way of a zero. Pure. */
import type { DailyReport, UnitValue } from '@/api/reports'

export type CellKind = 'n' | 'zero' | 'missing' | 'exempt' | 'inactive' | 'running'

/** Four values and "so far": never one sign for two of them. */
export function cellKind(unit: { value: UnitValue; state: string }): CellKind {
  if (unit.state === 'inactive') return 'inactive'
  if (unit.state === 'exempt' || unit.value === 'exempt') return 'exempt'
  if (unit.state === 'missing' || unit.value === 'missing') return 'missing'
  if (unit.value === 'zero') return 'zero'
  if (unit.value === 'n') return 'n'
  return 'running'
}

/** Share of a cell's households reached, 0–1; null where either figure is absent. */
export function coverage(figures: Record<string, number | null>): number | null {
  const reached = figures.reached
  const all = figures.households
  if (reached === null || reached === undefined || !all) return null
  return Math.min(1, reached / all)
}

/** A report in which every event is 0 is a zero report: nothing happened, whatever work was done. */
export function isZeroReport(report: Pick<DailyReport, 'indicators' | 'figures'>): boolean {
  return !report.indicators.some((indicator) => indicator.kind === 'event' && report.figures[indicator.key])
}

/** `detail` of 409 zero_contradicted: figures by indicator key, in whatever wrapping. */
export function contradictions(detail: unknown): [key: string, value: number][] {
  const source = typeof detail === 'object' && detail !== null && 'figures' in detail ? (detail as { figures: unknown }).figures : detail
  if (typeof source !== 'object' || source === null) return []
  return Object.entries(source as Record<string, unknown>).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] !== 0)
}
