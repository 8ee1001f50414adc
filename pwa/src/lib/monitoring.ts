/** Who has to be measured today: persons under monitoring, sessions per day, what has been recorded. Pure. */

export type CheckSession = 'morning' | 'evening'
export const SESSIONS: readonly CheckSession[] = ['morning', 'evening']

/** Evening starts at noon: a worker at the door after lunch means the evening measurement. */
export function sessionAt(hour: number): CheckSession {
  return hour < 12 ? 'morning' : 'evening'
}

export interface Monitored {
  monitor_from: string
  monitor_to: string
  state: 'present' | 'left'
}

/** The window is inclusive on both ends. */
export function underMonitoring(row: Monitored, day: string): boolean {
  return row.state === 'present' && row.monitor_from <= day && day <= row.monitor_to
}

/** Day n of N of the monitoring, both counted from one. */
export function monitoringProgress(row: Monitored, day: string): { day: number; of: number } {
  const count = (from: string, to: string) => Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1
  return { day: Math.max(1, count(row.monitor_from, day)), of: count(row.monitor_from, row.monitor_to) }
}
