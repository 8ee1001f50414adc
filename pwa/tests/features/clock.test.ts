import { afterEach, beforeEach, expect, it } from 'vitest'

import { dueRecords, enqueue } from '@/db/outbox'
import StandLine from '@/features/home/StandLine.vue'
import { setServerOffset } from '@/lib/clock'
import { useResidentsStore } from '@/stores/residents'

import { visit } from '../helpers'
import { household, readResidents, test, until, world, type World } from '../mount'

const DAY_MS = 86_400_000
let here: World
beforeEach(async () => (here = await world('/')))
afterEach(() => here.db.delete())

it('a phone days off is told so on the first screen, in words', () => {
  setServerOffset(-3 * DAY_MS)
  const line = here.show(StandLine, { sentence: '', reached: 0, expected: 0 })
  expect(test(line, 'skew').text()).toContain('快了 3 天')
  line.unmount()
  setServerOffset(60_000)
  const right = here.show(StandLine, { sentence: '', reached: 0, expected: 0 })
  expect(test(right, 'skew').exists()).toBe(false)
  right.unmount()
})

it('a phone whose clock jumps keeps the order in which it recorded', async () => {
  await here.db.household.put(household('h1'))
  const at = new Date()
  const first = await enqueue(here.db, visit({ household: 'h1', body: { household: 'h1', outcome: 'nobody_home' }, outcome: 'nobody_home', observedAt: at }))
  const second = await enqueue(here.db, visit({ household: 'h1', body: { household: 'h1', outcome: 'seen_well' }, outcome: 'seen_well', observedAt: new Date(at.getTime() - 60_000) }))
  expect((await dueRecords(here.db, Date.now())).map((row) => row.id)).toEqual([first.id, second.id])
  await readResidents(here.db)
  const residents = useResidentsStore()
  await until(() => residents.visitsToday.size === 1)
  await until(() => residents.visitsToday.get('h1')?.outcome === 'seen_well')
  residents.detach()
})
