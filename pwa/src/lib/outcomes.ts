/** Code lists of the wire (docs/sync.md). Words for them are in the locales, never here. */

export const OUTCOMES = ['seen_well', 'seen_unwell', 'nobody_home', 'refused', 'moved_away', 'empty', 'wrong_address'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Outcomes after which somebody of the household has been met. */
export const SEEN: ReadonlySet<Outcome> = new Set(['seen_well', 'seen_unwell'])

export const SYMPTOMS = ['fever', 'dry_cough', 'fatigue', 'sore_throat', 'loss_smell_taste', 'diarrhoea', 'other'] as const
export type Symptom = (typeof SYMPTOMS)[number]

export const NEEDS = ['medicine', 'food', 'heating', 'hospital', 'other'] as const
export type Need = (typeof NEEDS)[number]

export const CARE_FLAGS = ['elderly_alone', 'disabled', 'pregnant', 'infant', 'chronic', 'dialysis', 'left_behind_child', 'other'] as const
export type CareFlag = (typeof CARE_FLAGS)[number]

export const OCCUPANCIES = ['occupied', 'rented', 'owner_away', 'empty'] as const
export type Occupancy = (typeof OCCUPANCIES)[number]

/** Of a household; the server refuses more. */
export const MAX_HEADCOUNT = 50

export const CHECK_METHODS = ['door', 'phone', 'self'] as const
export type CheckMethod = (typeof CHECK_METHODS)[number]

export const CLOSE_REASONS = ['handled', 'false_alarm', 'transferred', 'duplicate', 'other'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]
