/** The list of 今日: who is left, in walking order, with what is due; rows done while the page is open stay where they are. */
import { computed, ref } from 'vue'

import type { HouseholdRow } from '@/api/types'
import { businessHour, now } from '@/lib/clock'
import { sessionAt } from '@/lib/monitoring'
import { groupDoors } from '@/lib/walking'
import { type TodayVisit, useResidentsStore } from '@/stores/residents'

import { dueWords, type DueWord } from './due'

export interface TodayDoor extends HouseholdRow {
  visit?: TodayVisit
}

export interface TodayRow extends TodayDoor {
  due: DueWord[]
}

export interface PlaceChoice {
  key: string
  label: string
}

export function useTodayList() {
  const residents = useResidentsStore()
  const filter = ref<'left' | 'all'>('left')
  const place = ref('')
  /** A row done after this instant keeps its place: nothing may slide under the thumb. */
  const openedAt = ref(now().toISOString())
  const session = computed(() => sessionAt(businessHour(now())))

  const toMeasure = computed(() => {
    const count = new Map<string, number>()
    for (const row of residents.monitored) {
      const household = residents.persons.get(row.person)?.household
      if (!household || residents.checksToday.has(`${row.person}|${session.value}`)) continue
      count.set(household, (count.get(household) ?? 0) + 1)
    }
    return count
  })

  /** Empty flats and absent owners are visited too, but they are not what is left to do. */
  const expected = computed(() => residents.households.filter((row) => row.occupancy !== 'empty'))
  const left = computed(() => expected.value.filter((row) => !residents.visitsToday.has(row.id)).length)
  const measureLeft = computed(
    () => residents.monitored.filter((row) => !residents.checksToday.has(`${row.person}|${session.value}`)).length,
  )

  const byCell = computed(() => new Set(residents.households.map((row) => row.region)).size > 1)
  const places = computed<PlaceChoice[]>(() => {
    const seen = new Map<string, string>()
    for (const row of residents.households) {
      const key = byCell.value ? row.region : row.building
      if (key && !seen.has(key)) seen.set(key, byCell.value ? (residents.regions.get(row.region)?.name ?? row.region.slice(-3)) : row.building)
    }
    return seen.size > 1 ? [...seen].map(([key, label]) => ({ key, label })) : []
  })

  const rows = computed<TodayDoor[]>(() =>
    residents.households
      .filter((row) => !place.value || (byCell.value ? row.region : row.building) === place.value)
      .map((row) => ({ row, visit: residents.visitsToday.get(row.id) }))
      .filter(({ row, visit }) => filter.value === 'all' || (visit ? visit.at >= openedAt.value : row.occupancy !== 'empty'))
      .map(({ row, visit }) => ({ ...row, visit })),
  )

  /** A door with what is due there: asked for the doors on the screen, not for the whole cell. */
  function describe(door: TodayDoor): TodayRow {
    const due = dueWords({
      household: door,
      people: residents.personsByHousehold.get(door.id) ?? [],
      codes: residents.codes,
      toMeasure: toMeasure.value.get(door.id) ?? 0,
      lastVisit: residents.lastVisit.get(door.id),
      lastSeenDay: residents.lastSeen.get(door.id),
      day: residents.day,
      session: session.value,
    })
    return { ...door, due }
  }

  const groups = computed(() => groupDoors(rows.value))

  function setFilter(next: 'left' | 'all'): void {
    filter.value = next
    openedAt.value = now().toISOString()
  }

  return { filter, setFilter, place, places, byCell, rows, groups, describe, expected, left, measureLeft, session }
}
