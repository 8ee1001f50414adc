/** A returnee's return told again: where from, when, and whether he has left (or not after all). */
import type { ReturneeChanges, ReturneeRow } from '@/api/types'
import { PROVINCES } from '@/lib/provinces'
import { type ToldTransport, type Transport, transportOf } from '@/lib/transport'

import { ABROAD } from './returneeForm'

/** `transportNumber` empty means untouched: the phone is not given the number. */
export interface ReturneeEdit extends ToldTransport {
  version: number
  /** Province code, or `abroad`; empty means untouched, for the phone knows the origin only as a word. */
  origin: string
  originText: string
  arrivedWas: string
  arrivedOn: string
  transportWas: Transport | ''
  viaWas: string
  via: string
  /** He has left already: then a leaving can be taken back. */
  hasLeft: boolean
  leftOn: string
  isBack: boolean
}

export function returneeEdit(row: ReturneeRow): ReturneeEdit {
  const { version, arrived_on, state, transport = '', via = '' } = row
  return {
    version: version || 1,
    origin: '',
    originText: '',
    arrivedWas: arrived_on,
    arrivedOn: arrived_on,
    transportWas: transport,
    transport,
    transportNumber: '',
    viaWas: via,
    via,
    hasLeft: state === 'left',
    leftOn: '',
    isBack: false,
  }
}

export function returneeEditAgain(row: ReturneeRow, version: number, changes: ReturneeChanges): ReturneeEdit {
  const province = PROVINCES.find(([code, name]) => changes.origin === code || changes.origin_text?.startsWith(name))
  const text = changes.origin_text ?? ''
  const told = changes.origin || changes.origin_text
  return {
    ...returneeEdit(row.delivered ?? row),
    version,
    origin: province?.[0] ?? (told ? ABROAD : ''),
    originText: province ? text.slice(province[1].length) : text,
    ...(changes.arrived_on ? { arrivedOn: changes.arrived_on } : {}),
    ...(changes.transport !== undefined || changes.transport_number ? againTransport(row, changes) : {}),
    ...(changes.via !== undefined ? { via: changes.via ?? '' } : {}),
    leftOn: changes.left_on ?? '',
    isBack: changes.left_on === null,
  }
}

function againTransport(row: ReturneeRow, { transport, transport_number }: ReturneeChanges): ToldTransport {
  return transport === undefined ? { transport: row.transport ?? '', transportNumber: transport_number ?? '' } : transportOf(transport, transport_number)
}

/** The number belongs to the way of coming: where that changes, what was known of it goes. */
function journeyChanges(form: ReturneeEdit): ReturneeChanges {
  const changes: ReturneeChanges = {}
  const number = form.transport ? form.transportNumber.trim() : ''
  if (form.transport !== form.transportWas) Object.assign(changes, { transport: form.transport || null, transport_number: number || null })
  else if (number) changes.transport_number = number
  if (form.via.trim() !== form.viaWas) changes.via = form.via.trim() || null
  return changes
}

/** What was changed and nothing else. An origin is a code or a text: the other goes with it. */
export function returneeChanges(form: ReturneeEdit): ReturneeChanges {
  const changes: ReturneeChanges = {}
  const province = PROVINCES.find(([code]) => code === form.origin)
  const detail = form.originText.trim()
  if (province && !detail) Object.assign(changes, { origin: form.origin, origin_text: null })
  else if (form.origin) Object.assign(changes, { origin: null, origin_text: `${province?.[1] ?? ''}${detail}`.slice(0, 60) })
  Object.assign(changes, journeyChanges(form))
  if (form.arrivedOn !== form.arrivedWas) changes.arrived_on = form.arrivedOn
  if (form.hasLeft ? form.isBack : form.leftOn) changes.left_on = form.hasLeft ? null : form.leftOn
  return changes
}

export interface ReturneeEditFaults {
  origin?: true
  left?: true
}

export function returneeEditFaults(form: ReturneeEdit): ReturneeEditFaults {
  return {
    ...(form.origin === ABROAD && !form.originText.trim() ? { origin: true as const } : {}),
    ...(form.leftOn && form.leftOn < form.arrivedOn ? { left: true as const } : {}),
  }
}
