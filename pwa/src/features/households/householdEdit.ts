/** A household changed at the door: the form, filled with what stands, and what of it was changed. */
import type { HouseholdChanges, HouseholdRow } from '@/api/types'
import type { CareFlag, Occupancy } from '@/lib/outcomes'
import { isPhone, normalisePhone } from '@/lib/phone'

export interface HouseholdFields {
  building: string
  unit: string
  floor: string
  door: string
  address: string
  headcount: number
  occupancy: Occupancy
  care: CareFlag[]
}

export interface HouseholdEdit {
  /** Version that the worker looked at. */
  version: number
  /** What stood in the form when it opened: what is still so was not changed, and is not sent. */
  was: HouseholdFields
  now: HouseholdFields
  /** The phone knows these masked at most: empty here means untouched. */
  head: string
  phone: string
  phoneEmptied: boolean
}

/** A record that this phone made and has not pulled yet has version 1 (docs/edits.md). */
export const FIRST_VERSION = 1

function fieldsOf(row: HouseholdRow): HouseholdFields {
  const { building, unit, door, address, headcount, occupancy } = row
  return { building, unit, door, address, headcount, occupancy, floor: row.floor === null ? '' : String(row.floor), care: [...row.care] }
}

export function householdEdit(row: HouseholdRow): HouseholdEdit {
  return { version: row.version || FIRST_VERSION, was: fieldsOf(row), now: fieldsOf(row), head: '', phone: '', phoneEmptied: false }
}

/** The form a sent-back edit came from: its changes over what was delivered, on the version they were made on. */
export function householdEditAgain(row: HouseholdRow, version: number, changes: HouseholdChanges): HouseholdEdit {
  const form = householdEdit(row.delivered ?? row)
  const { head_name, phone, floor, care, ...rest } = changes
  for (const [field, value] of Object.entries(rest)) Object.assign(form.now, { [field]: value ?? '' })
  if (floor !== undefined) form.now.floor = floor === null ? '' : String(floor)
  if (care !== undefined) form.now.care = [...(care ?? [])]
  return { ...form, version, head: head_name ?? '', phone: phone ?? '', phoneEmptied: phone === null }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(Array.isArray(a) ? [...a].sort() : a) === JSON.stringify(Array.isArray(b) ? [...b].sort() : b)

/** What was changed and nothing else; `null` where something was emptied. */
export function householdChanges({ was, now, head, phone, phoneEmptied }: HouseholdEdit): HouseholdChanges {
  const changes: HouseholdChanges = {}
  for (const field of ['building', 'unit', 'door', 'address'] as const) {
    const text = now[field].trim()
    if (text !== was[field].trim()) changes[field] = text || null
  }
  if (now.floor.trim() !== was.floor.trim()) changes.floor = now.floor.trim() ? Number(now.floor) : null
  if (now.headcount !== was.headcount) changes.headcount = now.headcount
  if (now.occupancy !== was.occupancy) changes.occupancy = now.occupancy
  if (!same(now.care, was.care)) changes.care = now.care.length ? [...now.care] : null
  if (head.trim()) changes.head_name = head.trim()
  if (phone.trim()) changes.phone = normalisePhone(phone)
  else if (phoneEmptied) changes.phone = null
  return changes
}

export type HouseholdEditFault = 'place' | 'floor' | 'phone'

export function householdEditFaults(form: HouseholdEdit): Set<HouseholdEditFault> {
  const faults = new Set<HouseholdEditFault>()
  if (!form.now.address.trim()) faults.add('place')
  if (form.now.floor.trim() && !/^-?\d{1,3}$/.test(form.now.floor.trim())) faults.add('floor')
  if (form.phone.trim() && !isPhone(form.phone)) faults.add('phone')
  return faults
}
