/**
 * The one clock of the phone. Business days are days of Asia/Shanghai (UTC+8, no summer time since 1991), as on the server.
 *
 * `rawNow()` is the phone's own clock and goes into records and uploads: the server corrects both with the same skew.
 * `now()` adds what the server last told us, and decides what "today" is and what a countdown shows.
 */

const ZONE_OFFSET_MS = 8 * 3600_000
const DAY_MS = 86_400_000

let serverOffsetMs = 0

/** A phone further off than this is told so (5 minutes). */
export const SKEW_WORTH_TELLING_MS = 5 * 60_000

export function rawNow(): Date {
  return new Date()
}

export function now(): Date {
  return new Date(Date.now() + serverOffsetMs)
}

export function serverOffset(): number {
  return serverOffsetMs
}

export function setServerOffset(ms: number): void {
  serverOffsetMs = Number.isFinite(ms) ? ms : 0
}

/** Learns the offset from a `server_time` (RFC 3339). Half the round trip is unknown, and far below what matters here. */
export function learnServerTime(serverTime: string | undefined): number {
  const at = serverTime ? Date.parse(serverTime) : NaN
  if (Number.isFinite(at)) serverOffsetMs = at - Date.now()
  return serverOffsetMs
}

/** Business day of an instant, `YYYY-MM-DD`. */
export function businessDay(at: Date): string {
  return new Date(at.getTime() + ZONE_OFFSET_MS).toISOString().slice(0, 10)
}

export function today(): string {
  return businessDay(now())
}

/** The instant of a record written with the phone's raw clock, corrected by the known offset; RFC 3339. */
export function corrected(observedAt: string): string {
  return new Date(Date.parse(observedAt) + serverOffsetMs).toISOString()
}

/** Day of a record written with the phone's raw clock, corrected by the known offset. */
export function dayOfRaw(observedAt: string): string {
  return businessDay(new Date(Date.parse(observedAt) + serverOffsetMs))
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Whole days from `from` to `to` (negative when `to` is earlier). */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS)
}

/** Hour of the day in Asia/Shanghai, 0–23. */
export function businessHour(at: Date): number {
  return new Date(at.getTime() + ZONE_OFFSET_MS).getUTCHours()
}

/** Wall-clock parts in Asia/Shanghai, for words such as 明早 7:30. */
export function clockParts(at: Date): { day: string; month: number; date: number; weekday: number; hour: number; minute: number } {
  const shifted = new Date(at.getTime() + ZONE_OFFSET_MS)
  return {
    day: shifted.toISOString().slice(0, 10),
    month: shifted.getUTCMonth() + 1,
    date: shifted.getUTCDate(),
    weekday: shifted.getUTCDay(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
  }
}

export function hourMinute(at: Date): string {
  const { hour, minute } = clockParts(at)
  return `${hour}:${String(minute).padStart(2, '0')}`
}

/** Splits a span into whole units for countdowns; `ms` may be negative (overdue). */
export function spanParts(ms: number): { overdue: boolean; days: number; hours: number; minutes: number; seconds: number } {
  const total = Math.floor(Math.abs(ms) / 1000)
  return {
    overdue: ms < 0,
    days: Math.floor(total / 86400),
    hours: Math.floor((total % 86400) / 3600),
    minutes: Math.floor((total % 3600) / 60),
    seconds: total % 60,
  }
}
