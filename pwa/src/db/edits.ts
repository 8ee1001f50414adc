/**
 * Edits of what is on record, as the phone shows them before the server has them: laid over the delivered row, which is kept below.
 * Every function works inside a transaction over outbox, household, person and returnee.
 */
import type { BodyOf, EditKind, HouseholdChanges, HouseholdRow, PersonChanges, PersonRow, ReturneeChanges, ReturneeRow } from '@/api/types'
import { maskName } from '@/lib/mask'
import { PROVINCES } from '@/lib/provinces'
import { transportOf } from '@/lib/transport'

import { awaitsChoice } from './conflicts'
import type { OutboxRow, UserDb } from './schema'

const TABLE_OF = { household_edit: 'household', person_edit: 'person', returnee_edit: 'returnee' } as const

export function isEdit(row: Pick<OutboxRow, 'kind'>): row is OutboxRow<EditKind> {
  return row.kind in TABLE_OF
}

/** Id of the household, person or returnee that an edit changes; nothing once the body is gone. */
export function targetOf(row: OutboxRow): string | undefined {
  if (row.kind === 'household_edit') return (row.body as BodyOf['household_edit'] | undefined)?.household
  if (row.kind === 'person_edit') return (row.body as BodyOf['person_edit'] | undefined)?.person
  if (row.kind === 'returnee_edit') return (row.body as BodyOf['returnee_edit'] | undefined)?.returnee
  return undefined
}

function householdShown(row: HouseholdRow, changes: HouseholdChanges): HouseholdRow {
  const { head_name, phone, floor, care, ...rest } = changes
  const texts = Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, value ?? '']))
  return {
    ...row,
    ...texts,
    ...(head_name === undefined ? {} : { head: maskName(head_name ?? '') }),
    ...(phone === undefined ? {} : { phone_known: Boolean(phone) }),
    ...(floor === undefined ? {} : { floor }),
    ...(care === undefined ? {} : { care: care ?? [] }),
  }
}

function personShown(row: PersonRow, changes: PersonChanges): PersonRow {
  return {
    ...row,
    ...(changes.name ? { name: maskName(changes.name) } : {}),
    ...(changes.phone === undefined ? {} : { phone_last4: changes.phone?.slice(-4) ?? null }),
  }
}

function returneeShown(row: ReturneeRow, changes: ReturneeChanges): ReturneeRow {
  const province = PROVINCES.find(([code]) => code === changes.origin)?.[1]
  const origin = changes.origin_text ?? province
  return {
    ...row,
    ...(origin ? { origin_name: origin } : {}),
    ...(changes.arrived_on ? { arrived_on: changes.arrived_on } : {}),
    ...(changes.transport === undefined ? {} : { transport: transportOf(changes.transport, '').transport }),
    ...(changes.transport_number === undefined ? {} : { number_known: changes.transport_number !== null }),
    ...(changes.via === undefined ? {} : { via: changes.via ?? '' }),
    ...(changes.left_on === undefined ? {} : { state: changes.left_on ? ('left' as const) : ('present' as const) }),
  }
}

/** `row` as it will stand once `edit` is delivered; names masked like any other. */
function shown<T extends HouseholdRow | PersonRow | ReturneeRow>(row: T, edit: OutboxRow): T {
  if (edit.kind === 'household_edit') return householdShown(row as HouseholdRow, (edit.body as BodyOf['household_edit']).changes) as T
  if (edit.kind === 'person_edit') return personShown(row as PersonRow, (edit.body as BodyOf['person_edit']).changes) as T
  return returneeShown(row as ReturneeRow, (edit.body as BodyOf['returnee_edit']).changes) as T
}

async function openEdits(db: UserDb): Promise<OutboxRow[]> {
  const rows = await db.outbox.where('state').anyOf('waiting', 'sending', 'needs-you').sortBy('seq')
  return rows.filter((row) => isEdit(row) && row.body && !awaitsChoice(row))
}

/** Shows one record anew: what was delivered, and over it the edits that wait, in the order they were made. */
export async function showEdits(db: UserDb, kind: EditKind, target: string): Promise<void> {
  const table = db.table<HouseholdRow | PersonRow | ReturneeRow, string>(TABLE_OF[kind])
  const row = await table.get(target)
  if (!row) return
  const delivered = row.delivered ?? row
  const edits = (await openEdits(db)).filter((edit) => edit.kind === kind && targetOf(edit) === target)
  const top = edits.reduce((under, edit) => shown(under, edit), delivered)
  if (edits.length) await table.put({ ...top, delivered } as typeof row)
  else if (row.delivered) await table.put(delivered)
}

/** The server has an edit: what it says is what was delivered, until the row itself comes. */
export async function keepEdit(db: UserDb, edit: OutboxRow): Promise<void> {
  const target = targetOf(edit)
  if (!isEdit(edit) || !target) return
  const table = db.table<HouseholdRow | PersonRow | ReturneeRow, string>(TABLE_OF[edit.kind])
  const row = await table.get(target)
  if (row?.delivered) await table.put({ ...row, delivered: shown(row.delivered, edit) } as typeof row)
}

/** After rows were delivered: what this phone has changed in them and not sent yet stands over them again. */
export async function showAllEdits(db: UserDb): Promise<void> {
  const targets = new Map((await openEdits(db)).map((edit) => [targetOf(edit)!, edit.kind as EditKind]))
  for (const [target, kind] of targets) await showEdits(db, kind, target)
}
