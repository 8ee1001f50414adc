/**
 * Rows the phone shows for what it has made itself, until the server delivers them: a household or returnee registered offline, or a
 * household accepted from another cell (签收), stands in the list at once, masked like any other.
 */
import type { BodyOf, HandoverRow, HouseholdBody, HouseholdRow, PersonRow, ReturneeBody, ReturneeRow } from '@/api/types'
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

/** Of an accepted household the phone knows what the hand-over says, and no more; it comes first in its cell. */
function acceptedRow(given: HandoverRow, id: string, region: string): HouseholdRow {
  return {
    id, region, address: given.place, building: '', unit: '', floor: null, door: '', head: given.head, headcount: given.headcount, occupancy: 'occupied', care: [],
    phone_known: false, version: 0, sort: `${region}|`, pending: true, handover: given.id,
  }
}

/** Stands while the acceptance may still hold: not once it came back, or it was heard that the offer went another way. */
async function putAccepted(db: UserDb, row: OutboxRow, body: BodyOf['handover_answer']): Promise<void> {
  const given = await db.handover.get(body.handover)
  if (body.answer !== 'accepted' || !given?.household) return
  const stands = row.state !== 'needs-you' && (given.state === 'offered' || given.state === 'accepted')
  if (!stands) return dropAccepted(db, body)
  const known = await db.household.get(given.household)
  if (!known || known.handover) await db.household.put(acceptedRow(given, given.household, body.region ?? given.to))
}

async function dropAccepted(db: UserDb, body: BodyOf['handover_answer']): Promise<void> {
  await db.household.filter((each) => each.handover === body.handover).delete()
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

/** Inside a transaction over household, person, returnee and handover. A row the server has delivered is never overwritten. */
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
  } else if (row.kind === 'handover_answer') {
    await putAccepted(db, row, row.body as BodyOf['handover_answer'])
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
  } else if (row.kind === 'handover_answer' && row.body) {
    await dropAccepted(db, row.body as BodyOf['handover_answer'])
  }
}
