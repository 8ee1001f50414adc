/**
 * Rows the phone shows for what it has made itself, until the server delivers them: a household or returnee registered offline
 * stands in the list at once, masked like any other.
 */
import type { HouseholdBody, HouseholdRow, PersonRow, ReturneeBody, ReturneeRow } from '@/api/types'
import { maskName } from '@/lib/mask'
import { addDays } from '@/lib/clock'
import { transportOf } from '@/lib/transport'

import type { OutboxRow, UserDb } from './schema'

/** Days of monitoring shown until the server has applied its dated rule. Display only; nothing is decided from it. */
const PROVISIONAL_MONITORING_DAYS = 14

function householdRow(body: HouseholdBody): HouseholdRow {
  const sort = [body.region, body.building.padStart(6, '0'), body.unit.padStart(4, '0'), body.door.padStart(6, '0')].join('|')
  return {
    id: body.household,
    region: body.region,
    address: body.address,
    building: body.building,
    unit: body.unit,
    floor: body.floor,
    door: body.door,
    head: maskName(body.head_name),
    headcount: body.headcount,
    occupancy: body.occupancy,
    care: body.care,
    phone_known: Boolean(body.phone),
    version: 0,
    sort,
    pending: true,
  }
}

function returneeRows(row: OutboxRow, body: ReturneeBody): { person: PersonRow; returnee: ReturneeRow } {
  return {
    person: {
      id: body.person,
      household: body.household ?? null,
      region: body.region,
      name: maskName(body.name),
      purpose: ['returnee'],
      phone_last4: body.phone.slice(-4),
      version: 0,
      pending: true,
    },
    returnee: {
      id: row.id,
      person: body.person,
      region: body.region,
      origin_name: body.origin_text ?? body.origin ?? '',
      arrived_on: body.arrived_on,
      monitor_from: body.arrived_on,
      monitor_to: addDays(body.arrived_on, PROVISIONAL_MONITORING_DAYS - 1),
      state: 'present',
      transport: transportOf(body.transport, '').transport,
      number_known: Boolean(body.transport_number),
      via: body.via ?? '',
      version: 0,
      pending: true,
    },
  }
}

/** Inside a transaction over household, person and returnee. A row the server has delivered is never overwritten. */
export async function putProvisional(db: UserDb, row: OutboxRow): Promise<void> {
  if (row.kind === 'household') {
    const made = householdRow(row.body as HouseholdBody)
    const known = await db.household.get(made.id)
    if (!known || known.pending) await db.household.put(made)
  } else if (row.kind === 'returnee') {
    const made = returneeRows(row, row.body as ReturneeBody)
    const known = await db.person.get(made.person.id)
    if (known && !known.pending) return
    await db.person.put(made.person)
    await db.returnee.put(made.returnee)
  }
}

export async function dropProvisional(db: UserDb, row: OutboxRow): Promise<void> {
  if (row.kind === 'household' && row.household) {
    const known = await db.household.get(row.household)
    if (known?.pending) await db.household.delete(known.id)
  } else if (row.kind === 'returnee' && row.person) {
    const known = await db.person.get(row.person)
    if (!known?.pending) return
    await db.person.delete(known.id)
    await db.returnee.where('person').equals(known.id).filter((each) => each.pending === true).delete()
  }
}
