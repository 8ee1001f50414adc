/**
 * My cells as the phone holds them: households, people, returnees, codes, the last days' visits and checks, and what this phone
 * has recorded today and not yet got back. Read-only; records are made by stores/recorder.ts.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { CheckRow, CodeRow, HouseholdRow, PersonRow, PolicyRow, RegionRow, ReturneeRow, VisitRow } from '@/api/types'
import type { FirstRead } from '@/db/first'
import { madeOn } from '@/db/outbox'
import type { OutboxRow, UserDb } from '@/db/schema'
import { corrected, today as businessToday } from '@/lib/clock'
import { underMonitoring } from '@/lib/monitoring'
import { type Outcome, SEEN } from '@/lib/outcomes'
import { TEMPERATURE_PRESETS } from '@/lib/temperature'
import { walkingOrder } from '@/lib/walking'

import { useSessionStore } from './session'

export interface TodayVisit {
  outcome: Outcome
  at: string
  /** Id of this phone's own record, when it made one. */
  record?: string
}

/** Time for the first paint of the list before the rest is read. */
const REST_AFTER_MS = 60

/** Shown until the policy has been delivered once: the value of the national base pack. */
const FEVER_UNTIL_DELIVERED = 37.3

const CELL_DIGITS = 15

function inOrder(rows: RegionRow[]): RegionRow[] {
  return rows.sort((a, b) => (a.code < b.code ? -1 : 1))
}

export const useResidentsStore = defineStore('residents', () => {
  const session = useSessionStore()
  const regions = shallowRef<Map<string, RegionRow>>(new Map())
  const households = shallowRef<HouseholdRow[]>([])
  const persons = shallowRef<Map<string, PersonRow>>(new Map())
  const returnees = shallowRef<ReturneeRow[]>([])
  const codes = shallowRef<Map<string, CodeRow>>(new Map())
  const visits = shallowRef<VisitRow[]>([])
  const checks = shallowRef<CheckRow[]>([])
  const policies = shallowRef<Map<string, PolicyRow>>(new Map())
  const made = shallowRef<OutboxRow[]>([])
  const day = ref(businessToday())
  const loaded = ref(false)
  const peopleLoaded = ref(false)
  let stops: (() => void)[] = []
  /** The visits of all days have been read, not of today alone. */
  let complete = false

  function byId<T extends { id: string }>(rows: T[]): Map<string, T> {
    return new Map(rows.map((row) => [row.id, row]))
  }

  function watchMade(db: UserDb): () => void {
    return db.watch(
      () => madeOn(db, day.value),
      (rows) => (made.value = rows),
    )
  }
  let stopMade: (() => void) | null = null

  /** What lay in the database at the start, shown before the database is open. */
  function showFirst(read: FirstRead): void {
    if (loaded.value) return
    regions.value = byId(read.regions)
    visits.value = read.visits
    made.value = read.made
    households.value = walkingOrder(read.households)
    loaded.value = true
  }

  /** What the list of 今日 stands on is read first; people and history follow when it can be tapped. */
  function attach(db: UserDb): void {
    stop()
    let waiting = true
    stopMade = watchMade(db)
    stops = [
      db.watch(() => db.region.toArray(), (rows) => (regions.value = byId(rows))),
      db.watch(() => db.visit.where('day').equals(businessToday()).toArray(), (rows) => {
        if (!complete) visits.value = rows
      }),
      db.watch(
        () => db.household.toArray(),
        (rows) => {
          households.value = walkingOrder(rows)
          loaded.value = true
          if (!waiting) return
          waiting = false
          const start = setTimeout(() => attachRest(db), REST_AFTER_MS)
          stops.push(() => clearTimeout(start))
        },
      ),
    ]
    const clock = setInterval(() => turnDay(db), 20_000)
    stops.push(() => clearInterval(clock))
  }

  function attachRest(db: UserDb): void {
    stops.push(
      db.watch(() => db.person.toArray(), (rows) => (persons.value = byId(rows))),
      db.watch(
        () => db.returnee.toArray(),
        (rows) => {
          returnees.value = rows
          peopleLoaded.value = true
        },
      ),
      db.watch(() => db.code.toArray(), (rows) => (codes.value = new Map(rows.map((row) => [row.person ?? row.id, row])))),
      db.watch(() => db.visit.toArray(), (rows) => {
        complete = true
        visits.value = rows
      }),
      db.watch(() => db.check.toArray(), (rows) => (checks.value = rows)),
      db.watch(() => db.policy.toArray(), (rows) => (policies.value = new Map(rows.map((row) => [row.key, row])))),
    )
  }

  /** Midnight in Shanghai, or the server's word that the phone's day was wrong. */
  function turnDay(db: UserDb): void {
    const next = businessToday()
    if (next === day.value) return
    day.value = next
    stopMade?.()
    stopMade = watchMade(db)
  }

  function stop(): void {
    stops.forEach((each) => each())
    stops = []
    stopMade?.()
    stopMade = null
    complete = false
  }

  function detach(): void {
    stop()
    loaded.value = false
    peopleLoaded.value = false
    households.value = []
    made.value = []
    returnees.value = []
    visits.value = []
    checks.value = []
    for (const map of [regions, persons, codes, policies]) map.value = new Map()
  }

  const householdById = computed(() => byId(households.value))

  const personsByHousehold = computed(() => {
    const groups = new Map<string, PersonRow[]>()
    for (const person of persons.value.values()) {
      if (!person.household) continue
      const list = groups.get(person.household)
      if (list) list.push(person)
      else groups.set(person.household, [person])
    }
    return groups
  })

  /** The last visit of today at each household, the phone's own unsent ones included. */
  const visitsToday = computed(() => {
    const latest = new Map<string, TodayVisit>()
    const take = (household: string, visit: TodayVisit) => {
      const before = latest.get(household)
      if (!before || before.at <= visit.at) latest.set(household, visit)
    }
    for (const visit of visits.value) {
      if (visit.day === day.value) take(visit.household, { outcome: visit.outcome, at: visit.observed_at })
    }
    // Among this phone's own the order is that of making, whatever its clock did meanwhile.
    for (const row of made.value) {
      if (row.kind !== 'visit' || !row.household || !row.outcome) continue
      const own = { outcome: row.outcome, at: corrected(row.observedAt), record: row.id }
      if (latest.get(row.household)?.record) latest.set(row.household, own)
      else take(row.household, own)
    }
    return latest
  })

  /** Last business day on which somebody of the household was met, as far as the phone knows. */
  const lastSeen = computed(() => {
    const days = new Map<string, string>()
    for (const visit of visits.value) {
      if (SEEN.has(visit.outcome) && (days.get(visit.household) ?? '') < visit.day) days.set(visit.household, visit.day)
    }
    return days
  })

  const lastVisit = computed(() => {
    const rows = new Map<string, VisitRow>()
    for (const visit of visits.value) {
      const before = rows.get(visit.household)
      if (!before || before.observed_at < visit.observed_at) rows.set(visit.household, visit)
    }
    return rows
  })

  const checksToday = computed(() => {
    const done = new Set<string>()
    for (const check of checks.value) if (check.day === day.value) done.add(`${check.person}|${check.session}`)
    for (const row of made.value) if (row.kind === 'check' && row.person && row.session) done.add(`${row.person}|${row.session}`)
    return done
  })

  const monitored = computed(() => returnees.value.filter((row) => underMonitoring(row, day.value)))
  const returneeByPerson = computed(() => new Map(returnees.value.map((row) => [row.person, row])))

  const feverThreshold = computed(() => {
    const value = Number(policies.value.get('fever_threshold')?.value)
    return Number.isFinite(value) && value > 0 ? value : FEVER_UNTIL_DELIVERED
  })

  /** One-tap temperatures of the policy; those that mean fever are typed, not tapped by mistake. */
  const temperaturePresets = computed<readonly number[]>(() => {
    const delivered = policies.value.get('temperature.presets')?.value
    const usable = Array.isArray(delivered) ? delivered.filter((each): each is number => typeof each === 'number' && each < feverThreshold.value) : []
    return usable.length ? usable : TEMPERATURE_PRESETS
  })

  /** My own: the phone also knows names of cells beside them, to which a household may be handed over. */
  const cells = computed(() => inOrder([...regions.value.values()].filter((row) => row.code.length === CELL_DIGITS && isMine(row.code))))

  /** Whether the region lies where I have a duty. */
  function isMine(code: string): boolean {
    return session.duties.some((duty) => code.startsWith(duty.region))
  }

  return {
    regions, households, persons, returnees, codes, visits, checks, policies, day, loaded, peopleLoaded, householdById, personsByHousehold,
    visitsToday, lastSeen, lastVisit, checksToday, monitored, returneeByPerson, feverThreshold, temperaturePresets, cells, isMine, showFirst, attach, detach,
  }
})
