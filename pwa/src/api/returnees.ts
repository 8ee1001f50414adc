/** Who came back, on the wire (docs/returnees.md). */
import type { DocumentType } from '@/lib/document'
import type { Transport } from '@/lib/transport'

import type { Edited } from './types'

export interface ReturneeBody {
  person: string
  name: string
  phone: string
  document_type: DocumentType
  document_number: string
  origin?: string
  origin_text?: string
  arrived_on: string
  transport?: Transport
  /** Train, flight or plate. */
  transport_number?: string
  /** Where he stopped on the way. */
  via?: string
  household?: string
  address?: string
  region: string
}
export interface ReturneeRow extends Edited<ReturneeRow> {
  id: string
  person: string
  region: string
  origin_name: string
  arrived_on: string
  monitor_from: string
  monitor_to: string
  state: 'present' | 'left'
  /** Empty or absent: nobody said. */
  transport?: Transport | ''
  number_known?: boolean
  via?: string
  version: number
  pending?: boolean
}
