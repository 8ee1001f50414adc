/** A household met at the door: the form as typed, what is wrong with it, and the body it makes. */
import type { HouseholdBody } from '@/api/types'
import type { CareFlag, Occupancy } from '@/lib/outcomes'
import { isPhone, normalisePhone } from '@/lib/phone'

export interface HouseholdForm {
  household: string
  region: string
  building: string
  unit: string
  floor: string
  door: string
  address: string
  head: string
  headcount: number
  phone: string
  occupancy: Occupancy
  care: CareFlag[]
}

export function emptyHousehold(id: string): HouseholdForm {
  return { household: id, region: '', building: '', unit: '', floor: '', door: '', address: '', head: '', headcount: 1, phone: '', occupancy: 'occupied', care: [] }
}

export type HouseholdFault = 'region' | 'place' | 'floor' | 'head' | 'phone'

export function householdFaults(form: HouseholdForm): Set<HouseholdFault> {
  const faults = new Set<HouseholdFault>()
  if (!form.region) faults.add('region')
  if (!form.address.trim() && !(form.building.trim() && form.door.trim())) faults.add('place')
  if (form.floor.trim() && !/^-?\d{1,2}$/.test(form.floor.trim())) faults.add('floor')
  if (!form.head.trim() && form.occupancy !== 'empty') faults.add('head')
  if (form.phone.trim() && !isPhone(form.phone)) faults.add('phone')
  return faults
}

/** `composed` is the address in words when only building, unit and door were typed. */
export function householdBody(form: HouseholdForm, composed: string): HouseholdBody {
  const phone = normalisePhone(form.phone)
  return {
    household: form.household,
    region: form.region,
    address: form.address.trim() || composed,
    building: form.building.trim(),
    unit: form.unit.trim(),
    floor: form.floor.trim() ? Number(form.floor) : null,
    door: form.door.trim(),
    head_name: form.head.trim(),
    headcount: form.occupancy === 'empty' ? 0 : form.headcount,
    ...(phone ? { phone } : {}),
    occupancy: form.occupancy,
    care: form.care,
  }
}

/** The form a sent-back body came from. */
export function householdForm(body: HouseholdBody): HouseholdForm {
  return {
    household: body.household,
    region: body.region,
    building: body.building,
    unit: body.unit,
    floor: body.floor === null ? '' : String(body.floor),
    door: body.door,
    address: body.address,
    head: body.head_name,
    headcount: body.headcount,
    phone: body.phone ?? '',
    occupancy: body.occupancy,
    care: body.care,
  }
}
