import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import HomePage from '@/features/home/HomePage.vue'
import { dueWords } from '@/features/home/due'
import { addDays, today } from '@/lib/clock'
import { useRecorderStore } from '@/stores/recorder'

import { household, person, readResidents, returnee, test, until, world, type World } from '../mount'

let here: World
beforeEach(async () => {
  here = await world()
  await here.db.household.bulkPut([household('h-101'), household('h-102'), household('h-201', { unit: '2' }), household('h-202', { occupancy: 'empty', unit: '2' })])
  await here.db.person.put(person('p-1', 'h-102'))
  await here.db.returnee.put(returnee('p-1', addDays(today(), -3), addDays(today(), 10)))
})
afterEach(() => here.db.delete())

describe('今日', () => {
  it('says where I stand and lists doors by building and unit', async () => {
    await readResidents(here.db)
    const page = here.show(HomePage)
    await until(() => test(page, 'today-sentence').text().includes('待测温'))
    expect(test(page, 'today-sentence').text()).toBe('还有 3 户未走访 · 1 人待测温')
    expect(page.findAll('.group-title').map((title) => title.text())).toEqual(['1幢1单元还剩 2 户', '1幢2单元还剩 1 户'])
    expect(page.find('[data-household="h-102"]').text()).toMatch(/待测温/)
    page.unmount()
  })

  it('records one visit for a double tap, keeps the row where it is, and takes it back', async () => {
    await readResidents(here.db)
    const page = here.show(HomePage)
    await until(() => page.findAll('[data-testid="all-well"]').length === 3)
    const button = test(page, 'all-well')
    await Promise.all([button.trigger('click'), button.trigger('click')])
    await until(async () => (await here.db.outbox.count()) === 1)
    await until(() => page.find('[data-household="h-101"]').attributes('data-outcome') === 'seen_well')
    const row = (await here.db.outbox.toArray())[0]!
    expect(row).toMatchObject({ kind: 'visit', household: 'h-101', label: '1幢1单元101', state: 'waiting' })
    expect(row.holdUntil - row.savedAt).toBe(10_000)
    expect(test(page, 'today-sentence').text()).toContain('还有 2 户')

    await useRecorderStore().undo()
    await until(() => !page.find('[data-household="h-101"]').attributes('data-outcome'))
    expect(await here.db.outbox.count()).toBe(0)
    page.unmount()
  })

  it('offers the other outcomes behind a button for keyboards and thumbs alike', async () => {
    await readResidents(here.db)
    const page = here.show(HomePage)
    await until(() => page.findAll('[data-testid="more-outcomes"]').length === 3)
    const more = test(page, 'more-outcomes')
    expect(more.element.tagName).toBe('BUTTON')
    expect(more.attributes('aria-label')).toBe('101 其他结果')
    page.unmount()
  })
})

describe('what is due', () => {
  const base = { household: household('h-1'), people: [], codes: new Map(), toMeasure: 0, day: '2026-11-22', session: 'morning' as const }
  const last = (day: string, outcome = 'nobody_home') => ({ id: '', household: 'h-1', region: '', observed_at: '', day, outcome, author_name: '', mine: true }) as never

  it('names the measurement first, in amber', () => {
    expect(dueWords({ ...base, toMeasure: 2 })[0]).toEqual({ key: 'measure_morning', n: 2, strong: true })
  })

  it('remembers yesterday and counts days unseen from three on', () => {
    expect(dueWords({ ...base, lastVisit: last('2026-11-21') }).map((word) => word.key)).toEqual(['nobodyYesterday'])
    expect(dueWords({ ...base, lastVisit: last('2026-11-20') })).toEqual([])
    expect(dueWords({ ...base, lastSeenDay: '2026-11-20' })).toEqual([])
    expect(dueWords({ ...base, lastSeenDay: '2026-11-18' })).toEqual([{ key: 'unseen', n: 4 }])
  })

  it('says who needs care, two words at most', () => {
    const words = dueWords({ ...base, household: household('h-1', { care: ['dialysis', 'infant', 'chronic'], occupancy: 'rented' }) })
    expect(words.map((word) => word.key)).toEqual(['care_dialysis', 'care_infant', 'occupancy_rented'])
  })
})
