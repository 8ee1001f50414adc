/** What is due at a door, as small words under the name. Pure; keys below `due.*` of the locale. */
import type { CodeRow, HouseholdRow, PersonRow, VisitRow } from '@/api/types'
import { daysBetween } from '@/lib/clock'
import type { CheckSession } from '@/lib/monitoring'

export interface DueWord {
  key: string
  n?: number
  /** Amber words are the reason to knock here first. */
  strong?: boolean
}

export interface DueInput {
  household: HouseholdRow
  people: readonly PersonRow[]
  codes: ReadonlyMap<string, CodeRow>
  /** Persons under monitoring of this household without a check in the present session. */
  toMeasure: number
  lastVisit?: VisitRow
  lastSeenDay?: string
  day: string
  session: CheckSession
}

/** A household not met for this many days is said to be so. */
const UNSEEN_WORTH_SAYING = 3

export function dueWords(input: DueInput): DueWord[] {
  const words: DueWord[] = input.household.handover ? [{ key: 'unconfirmed', strong: true }] : []
  if (input.toMeasure) words.push({ key: `measure_${input.session}`, n: input.toMeasure, strong: true })
  if (input.people.some((person) => input.codes.get(person.id)?.colour === 'yellow')) words.push({ key: 'yellow', strong: true })
  const last = input.lastVisit
  if (last && last.outcome === 'nobody_home' && daysBetween(last.day, input.day) === 1) words.push({ key: 'nobodyYesterday' })
  const unseen = input.lastSeenDay ? daysBetween(input.lastSeenDay, input.day) : null
  if (unseen !== null && unseen >= UNSEEN_WORTH_SAYING) words.push({ key: 'unseen', n: unseen })
  for (const flag of input.household.care.slice(0, 2)) words.push({ key: `care_${flag}` })
  if (input.household.occupancy !== 'occupied') words.push({ key: `occupancy_${input.household.occupancy}` })
  return words
}
