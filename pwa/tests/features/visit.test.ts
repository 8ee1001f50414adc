import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { emptyVisit, newEntry, visitBody, visitForm, visitProblem } from '@/features/visits/visitForm'
import VisitPage from '@/features/visits/VisitPage.vue'

import { household, person, readResidents, test, until, world, type World } from '../mount'

let here: World
beforeEach(async () => {
  here = await world('/households/h-101/visit')
  await here.db.household.put(household('h-101'))
  await here.db.person.put(person('p-1', 'h-101'))
  await readResidents(here.db)
})
afterEach(() => here.db.delete())

async function open() {
  const page = here.show(VisitPage, { id: 'h-101' })
  await until(() => test(page, 'outcome-seen_unwell').exists())
  return page
}

describe('the visit form', () => {
  it('turns amber with the word at the threshold, and saves what was typed', async () => {
    const page = await open()
    await test(page, 'outcome-seen_unwell').trigger('click')
    await until(() => test(page, 'temperature').exists())
    await test(page, 'temperature').setValue('37.2')
    expect(page.text()).not.toContain('发热（≥')
    await test(page, 'temperature').setValue('37.3')
    expect(page.find('.entry.fever').exists()).toBe(true)
    expect(page.text()).toContain('发热（≥ 37.3 °C）')
    await test(page, 'symptom-dry_cough').trigger('click')
    await page.trigger('submit')
    await until(async () => (await here.db.outbox.count()) === 1)
    expect((await here.db.outbox.toArray())[0]).toMatchObject({
      body: { household: 'h-101', outcome: 'seen_unwell', people: [{ temperature: 37.3, symptoms: ['dry_cough'] }] },
      holdUntil: 0,
    })
    page.unmount()
  })

  it('does not save without an outcome, nor a temperature that is none', async () => {
    const page = await open()
    await page.trigger('submit')
    expect(test(page, 'save-problem').text()).toBe('请先选择走访结果。')
    await test(page, 'outcome-seen_unwell').trigger('click')
    await until(() => test(page, 'temperature').exists())
    await test(page, 'temperature').setValue('99')
    await page.trigger('submit')
    expect(test(page, 'save-problem').text()).toBe('体温填得不对，请改正。')
    expect(await here.db.outbox.count()).toBe(0)
    page.unmount()
  })

  it('comes back as it was after the tab was killed, with the same id', async () => {
    const first = await open()
    await test(first, 'outcome-seen_unwell').trigger('click')
    await until(() => test(first, 'temperature').exists())
    await test(first, 'temperature').setValue('38.1')
    await until(async () => (await here.db.drafts.get('visit:h-101')) !== undefined)
    await until(async () => JSON.stringify(await here.db.drafts.get('visit:h-101')).includes('38.1'))
    const draft = (await here.db.drafts.get('visit:h-101'))!
    first.unmount()

    const second = await open()
    await until(() => test(second, 'draft-restored').exists())
    expect((test(second, 'temperature').element as HTMLInputElement).value).toBe('38.1')
    await second.trigger('submit')
    await until(async () => (await here.db.outbox.count()) === 1)
    expect((await here.db.outbox.toArray())[0]!.id).toBe(draft.id)
    expect(await here.db.drafts.count()).toBe(0)
    second.unmount()
  })
})

describe('the body', () => {
  it('is one line for all well', () => {
    expect(visitBody('h', emptyVisit('seen_well'))).toEqual({ household: 'h', outcome: 'seen_well' })
  })

  it('holds no measurements of a door that stayed shut', () => {
    const form = { ...emptyVisit('nobody_home'), entries: [{ ...newEntry(), temperature: 38 }], needs: ['food' as const], note: '  ' }
    expect(visitBody('h', form)).toEqual({ household: 'h', outcome: 'nobody_home' })
  })

  it('leaves out empty entries and keeps whose they are', () => {
    const form = { ...emptyVisit('seen_well'), entries: [newEntry(), { person: 'p', temperature: 36.5, symptoms: [] }] }
    expect(visitBody('h', form).people).toEqual([{ person: 'p', temperature: 36.5 }])
  })

  it('survives the way to the inbox and back', () => {
    const form = { outcome: 'seen_unwell' as const, entries: [{ person: 'p', temperature: 38, symptoms: ['fever' as const] }], needs: ['medicine' as const], note: '咳' }
    expect(visitForm(visitBody('h', form))).toEqual(form)
  })

  it('must say something of somebody unwell', () => {
    expect(visitProblem(emptyVisit('seen_unwell'))).toBe('unwell')
    expect(visitProblem({ ...emptyVisit('seen_unwell'), note: '头晕' })).toBeNull()
    expect(visitProblem(emptyVisit())).toBe('outcome')
  })
})
