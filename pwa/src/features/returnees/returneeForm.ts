/** Registering a returnee: six fields and the journey, checked on the phone, and the body they make. */
import type { ReturneeBody } from '@/api/types'
import { addDays } from '@/lib/clock'
import { documentProblem, type DocumentProblem, type DocumentType, normaliseDocument } from '@/lib/document'
import { isPhone, normalisePhone } from '@/lib/phone'
import { PROVINCES } from '@/lib/provinces'
import { type ToldTransport, transportOf } from '@/lib/transport'

export interface ReturneeForm extends ToldTransport {
  person: string
  name: string
  phone: string
  documentType: DocumentType
  documentNumber: string
  /** Province code, or `abroad`, or empty. */
  origin: string
  originText: string
  arrivedOn: string
  via: string
  household: string
  address: string
  region: string
}

export const ABROAD = 'abroad'
/** Arrivals further back belong to the office, which can look up what was known then. */
export const MAX_DAYS_BACK = 60

export function emptyReturnee(person: string, today: string, household = ''): ReturneeForm {
  return { person, name: '', phone: '', documentType: 'id_card', documentNumber: '', origin: '', originText: '', arrivedOn: today, transport: '', transportNumber: '', via: '', household, address: '', region: '' }
}

export interface ReturneeFaults {
  name?: true
  phone?: true
  document?: DocumentProblem
  origin?: true
  arrived?: 'empty' | 'future' | 'old'
  place?: true
  region?: true
}

export function returneeFaults(form: ReturneeForm, today: string): ReturneeFaults {
  const faults: ReturneeFaults = {}
  if (!form.name.trim()) faults.name = true
  if (!isPhone(form.phone)) faults.phone = true
  const document = documentProblem(form.documentType, form.documentNumber, today)
  if (document) faults.document = document
  if (!form.origin || (form.origin === ABROAD && !form.originText.trim())) faults.origin = true
  if (!/^\d{4}-\d{2}-\d{2}$/.test(form.arrivedOn)) faults.arrived = 'empty'
  else if (form.arrivedOn > today) faults.arrived = 'future'
  else if (form.arrivedOn < addDays(today, -MAX_DAYS_BACK)) faults.arrived = 'old'
  if (!form.household && !form.address.trim()) faults.place = true
  if (!form.household && !form.region) faults.region = true
  return faults
}

/** `householdRegion` is the cell of the chosen household, which decides over the one typed. */
export function returneeBody(form: ReturneeForm, householdRegion: string | undefined): ReturneeBody {
  const province = PROVINCES.find(([code]) => code === form.origin)
  const detail = form.originText.trim()
  const origin = province && !detail ? { origin: form.origin } : { origin_text: `${province?.[1] ?? ''}${detail}`.slice(0, 60) }
  return {
    person: form.person,
    name: form.name.trim(),
    phone: normalisePhone(form.phone),
    document_type: form.documentType,
    document_number: normaliseDocument(form.documentNumber),
    ...origin,
    arrived_on: form.arrivedOn,
    ...journey(form),
    ...(form.household ? { household: form.household } : { address: form.address.trim() }),
    region: householdRegion ?? form.region,
  }
}

function journey({ transport, transportNumber, via }: ReturneeForm): Pick<ReturneeBody, 'transport' | 'transport_number' | 'via'> {
  const number = transport ? transportNumber.trim() : ''
  return { ...(transport ? { transport } : {}), ...(number ? { transport_number: number } : {}), ...(via.trim() ? { via: via.trim() } : {}) }
}

/** The form a sent-back body came from, whatever version of the app made it. */
export function returneeForm(body: ReturneeBody): ReturneeForm {
  const province = PROVINCES.find(([code, name]) => body.origin === code || body.origin_text?.startsWith(name))
  return {
    person: body.person,
    name: body.name,
    phone: body.phone,
    documentType: body.document_type,
    documentNumber: body.document_number,
    origin: province?.[0] ?? ABROAD,
    originText: province ? (body.origin_text ?? '').slice(province[1].length) : (body.origin_text ?? ''),
    arrivedOn: body.arrived_on,
    ...transportOf(body.transport, body.transport_number),
    via: body.via ?? '',
    household: body.household ?? '',
    address: body.address ?? '',
    region: body.region,
  }
}
