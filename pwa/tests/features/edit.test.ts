import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import * as dialog from '@/components/say'
import HouseholdEditPage from '@/features/households/HouseholdEditPage.vue'
import { householdChanges, householdEdit, householdEditAgain, householdEditFaults } from '@/features/households/householdEdit'
import { personChanges, personEdit, personEditFaults } from '@/features/people/personEdit'
import { returneeChanges, returneeEdit, returneeEditAgain } from '@/features/returnees/returneeEdit'

import { household, person, readResidents, returnee, test, until, world, type World } from '../mount'

const HOUSE = household('h1', { headcount: 3, version: 7, phone_known: true, head: '张*', care: ['infant', 'chronic'], floor: 5 })

describe('what was changed', () => {
  it('is nothing when nothing was touched: no masked value ever goes back', () => {
    expect(householdChanges(householdEdit(HOUSE))).toEqual({})
    expect(personChanges(personEdit(person('p', 'h1')))).toEqual({})
    expect(returneeChanges(returneeEdit(returnee('p', '2026-11-20', '2026-12-03')))).toEqual({})
  })

  it('is the field alone; an emptied one is null, flags in another order are the same', () => {
    const form = householdEdit(HOUSE)
    Object.assign(form.now, { headcount: 4, unit: ' ', floor: '', care: ['chronic', 'infant'] })
    expect(householdChanges(form)).toEqual({ headcount: 4, unit: null, floor: null })
    form.now.care = []
    form.phoneEmptied = true
    expect(householdChanges(form)).toMatchObject({ care: null, phone: null })
    form.phone = '139 0000 1234'
    expect(householdChanges(form)).toMatchObject({ phone: '13900001234' })
  })

  it('comes back into the form of an edit that was sent back, on the version it was made on', () => {
    const shown = { ...HOUSE, headcount: 4, delivered: { ...HOUSE, version: 9 } }
    const form = householdEditAgain(shown, 7, { headcount: 4, phone: '139', door: null })
    expect(form.version).toBe(7)
    expect(householdChanges(form)).toEqual({ headcount: 4, door: null, phone: '139' })
    expect([...householdEditFaults(form)]).toEqual(['phone'])
  })

  it('of a document is type and number together', () => {
    const form = personEdit(person('p', 'h1'))
    form.documentNumber = '11010519491231002x'
    expect(personChanges(form)).toEqual({ document_type: 'id_card', document_number: '11010519491231002X' })
    form.documentNumber = '110105194912310021'
    expect(personEditFaults(form, '2026-11-22').document).toBe('check')
  })

  it('of a return takes a code or a text, and a leaving or its taking back', () => {
    const row = returnee('p', '2026-11-20', '2026-12-03')
    const form = returneeEdit(row)
    Object.assign(form, { origin: '42', leftOn: '2026-11-22' })
    expect(returneeChanges(form)).toEqual({ origin: '42', origin_text: null, left_on: '2026-11-22' })
    form.originText = '武汉'
    expect(returneeChanges(form)).toMatchObject({ origin: null, origin_text: '湖北省武汉' })
    const came = returneeEdit({ ...row, transport: 'train', number_known: true, via: '沈阳市' })
    came.transportNumber = 'G8014'
    expect(returneeChanges(came)).toEqual({ transport_number: 'G8014' })
    Object.assign(came, { transport: 'car', transportNumber: '', via: ' ' })
    expect(returneeChanges(came)).toEqual({ transport: 'car', transport_number: null, via: null })
    expect(returneeChanges(returneeEditAgain({ ...row, transport: 'train', via: '沈阳市' }, 1, returneeChanges(came)))).toEqual(returneeChanges(came))
    const gone = returneeEdit({ ...row, state: 'left' })
    gone.isBack = true
    expect(returneeChanges(gone)).toEqual({ left_on: null })
    const changes = { origin: null, origin_text: '韩国', left_on: '2026-11-22' }
    expect(returneeChanges(returneeEditAgain(row, 1, changes))).toEqual(changes)
  })
})

describe('the form of a household', () => {
  let here: World
  beforeEach(async () => {
    here = await world('/households/h1/edit')
    await here.db.household.put(HOUSE)
    await readResidents(here.db)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await here.db.delete()
  })

  it('is filled, asks before it empties, and saves the change with the version it was opened on', async () => {
    const page = here.show(HouseholdEditPage, { id: 'h1' })
    await until(() => test(page, 'household-edit').exists())
    expect((test(page, 'unit').element as HTMLInputElement).value).toBe('1')
    expect((test(page, 'head').element as HTMLInputElement).value).toBe('')
    await page.find('form').trigger('submit')
    expect(test(page, 'save-problem').text()).toContain('没有改动')

    const asked = vi.spyOn(dialog, 'ask').mockResolvedValueOnce(false).mockResolvedValueOnce(true)
    await test(page, 'unit').setValue('')
    await test(page, 'headcount').element.parentElement!.querySelectorAll('button')[1]!.click()
    await here.db.household.put({ ...HOUSE, version: 8, occupancy: 'rented' })
    await page.find('form').trigger('submit')
    await until(() => asked.mock.calls.length === 1)
    expect(asked.mock.calls[0]![0].message).toContain('单元')
    expect(await here.db.outbox.count()).toBe(0)
    await page.find('form').trigger('submit')
    await until(async () => (await here.db.outbox.count()) === 1)
    const [made] = await here.db.outbox.toArray()
    expect(made).toMatchObject({ kind: 'household_edit', body: { household: 'h1', version: 7, changes: { headcount: 4, unit: null } } })
    page.unmount()
  })
})
