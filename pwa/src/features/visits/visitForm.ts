/** The visit form as plain values, and the body it makes. */
import type { VisitBody } from '@/api/types'
import { type Need, type Outcome, SEEN, type Symptom } from '@/lib/outcomes'

export interface VisitEntry {
  /** Id of a person of the household; empty for 户内一人. */
  person: string
  temperature: number | null
  symptoms: Symptom[]
}

export interface VisitForm {
  outcome: Outcome | ''
  entries: VisitEntry[]
  needs: Need[]
  note: string
}

export function emptyVisit(outcome: Outcome | '' = ''): VisitForm {
  return { outcome, entries: [], needs: [], note: '' }
}

export function newEntry(person = ''): VisitEntry {
  return { person, temperature: null, symptoms: [] }
}

export const MAX_ENTRIES = 30

export type VisitProblem = 'outcome' | 'unwell'

/** Somebody unwell without temperature, symptom or note says nothing that could be acted on. */
export function visitProblem(form: VisitForm): VisitProblem | null {
  if (!form.outcome) return 'outcome'
  const said = form.entries.some((entry) => entry.temperature !== null || entry.symptoms.length)
  if (form.outcome === 'seen_unwell' && !said && !form.note.trim()) return 'unwell'
  return null
}

export function visitBody(household: string, form: VisitForm): VisitBody {
  const body: VisitBody = { household, outcome: form.outcome as Outcome }
  if (SEEN.has(body.outcome)) {
    const people = form.entries
      .filter((entry) => entry.temperature !== null || entry.symptoms.length)
      .map((entry) => ({
        ...(entry.person ? { person: entry.person } : {}),
        ...(entry.temperature !== null ? { temperature: entry.temperature } : {}),
        ...(entry.symptoms.length ? { symptoms: entry.symptoms } : {}),
      }))
    if (people.length) body.people = people
    if (form.needs.length) body.needs = form.needs
  }
  if (form.note.trim()) body.note = form.note.trim()
  return body
}

/** The form a sent-back body came from. */
export function visitForm(body: VisitBody): VisitForm {
  return {
    outcome: body.outcome,
    entries: (body.people ?? []).map((entry) => ({ person: entry.person ?? '', temperature: entry.temperature ?? null, symptoms: entry.symptoms ?? [] })),
    needs: body.needs ?? [],
    note: body.note ?? '',
  }
}
