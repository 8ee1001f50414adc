/**
 * Pure: what goes up first. A record that may raise an alert does not wait behind three hundred that say "all well": it goes
 * in a short upload of its own, which a server under load still takes (docs/sync.md, "When the server is busy").
 */
import type { BodyOf } from '@/api/types'
import type { OutboxRow } from '@/db/schema'
import { TEMPERATURE_PRESETS } from '@/lib/temperature'

/** Few enough for an upload that counts as short. */
const AT_ONCE = 5
/** No judgement, which is the server's: an order. Who is warmer than the highest of the usual readings goes first. */
const WARM = Math.max(...TEMPERATURE_PRESETS)

function unwell(temperature: number | undefined, symptoms: readonly unknown[] | undefined): boolean {
  return (temperature ?? 0) > WARM || Boolean(symptoms?.length)
}

export function isUrgent(row: OutboxRow): boolean {
  if (row.kind === 'visit') return Boolean((row.body as BodyOf['visit']).people?.some((seen) => unwell(seen.temperature, seen.symptoms)))
  if (row.kind !== 'check') return false
  const body = row.body as BodyOf['check']
  return unwell(body.temperature, body.symptoms)
}

/** The households and people that a record speaks of. */
function references(row: OutboxRow): string[] {
  const body = row.body as { household?: string; person?: string; people?: { person?: string }[] }
  return [body.household, body.person, ...(body.people ?? []).map((seen) => seen.person)].filter((id): id is string => Boolean(id))
}

/** Registrations by the id that they bring. */
function registrations(rows: readonly OutboxRow[]): Map<string, OutboxRow> {
  const found = new Map<string, OutboxRow>()
  for (const row of rows) {
    if (row.kind === 'household') found.set((row.body as BodyOf['household']).household, row)
    if (row.kind === 'returnee') found.set((row.body as BodyOf['returnee']).person, row)
  }
  return found
}

/** The urgent ones among `due` with the registrations they need, in the order they were made; none when none is urgent. */
export function urgentOf(due: readonly OutboxRow[]): OutboxRow[] {
  const urgent = due.filter(isUrgent).slice(0, AT_ONCE)
  if (!urgent.length) return []
  const known = registrations(due)
  const wanted = new Set<OutboxRow>()
  const want = (row: OutboxRow): void => {
    if (wanted.has(row)) return
    wanted.add(row)
    for (const id of references(row)) if (known.has(id)) want(known.get(id)!)
  }
  urgent.forEach(want)
  return due.filter((row) => wanted.has(row))
}
