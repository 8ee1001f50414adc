/** A person's name, telephone and document changed. The phone knows none of them in full: what is empty was not touched. */
import type { PersonChanges, PersonRow } from '@/api/types'
import { documentProblem, type DocumentProblem, type DocumentType, normaliseDocument } from '@/lib/document'
import { isPhone, normalisePhone } from '@/lib/phone'

export interface PersonEdit {
  version: number
  name: string
  phone: string
  phoneEmptied: boolean
  documentType: DocumentType
  documentNumber: string
}

export function personEdit(row: PersonRow): PersonEdit {
  return { version: row.version || 1, name: '', phone: '', phoneEmptied: false, documentType: 'id_card', documentNumber: '' }
}

export function personEditAgain(row: PersonRow, version: number, changes: PersonChanges): PersonEdit {
  return {
    ...personEdit(row),
    version,
    name: changes.name ?? '',
    phone: changes.phone ?? '',
    phoneEmptied: changes.phone === null,
    documentType: changes.document_type ?? 'id_card',
    documentNumber: changes.document_number ?? '',
  }
}

/** What was changed and nothing else; type and number of a document go together. */
export function personChanges(form: PersonEdit): PersonChanges {
  const phone = form.phone.trim() ? normalisePhone(form.phone) : undefined
  return {
    ...(form.name.trim() ? { name: form.name.trim() } : {}),
    ...(phone ? { phone } : form.phoneEmptied ? { phone: null } : {}),
    ...(form.documentNumber.trim() ? { document_type: form.documentType, document_number: normaliseDocument(form.documentNumber) } : {}),
  }
}

export interface PersonEditFaults {
  phone?: true
  document?: DocumentProblem
}

export function personEditFaults(form: PersonEdit, today: string): PersonEditFaults {
  const document = form.documentNumber.trim() ? documentProblem(form.documentType, form.documentNumber, today) : null
  return { ...(form.phone.trim() && !isPhone(form.phone) ? { phone: true as const } : {}), ...(document ? { document } : {}) }
}
