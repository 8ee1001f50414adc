/**
 * The walking order: households sorted as the server says (`sort`), grouped by building and unit, with what is due at each door.
 * Plain values in, plain values out; held by unit tests.
 */
import { daysBetween } from './clock'

export interface Door {
  id: string
  region: string
  building: string
  unit: string
  door: string
  address: string
  sort: string
}

export interface DoorGroup<T> {
  key: string
  region: string
  building: string
  unit: string
  rows: T[]
}

function natural(a: string, b: string): number {
  return a.localeCompare(b, 'zh-Hans-u-kn-true')
}

function plain(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Cell by cell, as the server orders them: two cells may have a building of the same number. */
export function walkingOrder<T extends Door>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => plain(a.region, b.region) || plain(a.sort, b.sort) || natural(a.door, b.door))
}

/** Consecutive rows of one cell, building and unit form a group; a village street without buildings is one group. */
export function groupDoors<T extends Door>(ordered: readonly T[]): DoorGroup<T>[] {
  const groups: DoorGroup<T>[] = []
  for (const row of ordered) {
    const key = `${row.region}|${row.building}|${row.unit}`
    const last = groups[groups.length - 1]
    if (last && last.key === key) last.rows.push(row)
    else groups.push({ key, region: row.region, building: row.building, unit: row.unit, rows: [row] })
  }
  return groups
}

/** The big word of a row: the door number, else the end of the address. */
export function doorWord(row: Pick<Door, 'door' | 'address'>): string {
  if (row.door) return row.door
  const tail = /([0-9A-Za-z-]+[号室户]?)$/.exec(row.address.trim())
  return tail?.[1] ?? row.address.slice(-4)
}

/** Days since the last visit that reached somebody; `null` when none is known (the phone holds seven days). */
export function unseenDays(lastSeenDay: string | undefined, today: string): number | null {
  return lastSeenDay ? Math.max(0, daysBetween(lastSeenDay, today)) : null
}
