/** Hand-overs on the wire (docs/hand-over.md). */
export const HANDOVER_REASONS = ['moved', 'wrong_cell', 'boundary', 'other'] as const
export type HandoverReason = (typeof HANDOVER_REASONS)[number]
export const DECLINE_REASONS = ['not_ours', 'not_found', 'incomplete', 'other'] as const
export type DeclineReason = (typeof DECLINE_REASONS)[number]
/** A household, or a person who lives in none, offered to a cell or a village; the record's id is the hand-over's. */
export interface HandoverBody {
  household?: string
  person?: string
  to: string
  reason: HandoverReason
  note?: string
}
export interface HandoverAnswerBody {
  handover: string
  answer: 'accepted' | 'declined' | 'withdrawn'
  /** The cell, where a village was asked. */
  region?: string
  reason?: DeclineReason
  note?: string
}
/** A household or person on its way between cells (docs/hand-over.md). */
export interface HandoverRow {
  id: string
  household: string | null
  person: string | null
  place: string
  head: string
  headcount: number
  /** How many of them are under health monitoring. */
  monitored: number
  reason: HandoverReason
  from: string
  from_name: string
  to: string
  to_name: string
  author_name: string
  offered_at: string
  due_at: string
  state: 'offered' | 'accepted' | 'declined' | 'withdrawn' | 'void'
  cell: string
  cell_name?: string | null
  decline_reason?: DeclineReason | ''
  answered_at?: string | null
  answered_by?: string
  mine: boolean
  /** It comes to my cells, and is mine to answer. */
  incoming: boolean
  /** Set by the phone for what it has offered or answered itself and the server has not delivered yet. */
  pending?: boolean
}
