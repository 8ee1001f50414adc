import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { HandoverRow } from '@/api/handovers'
import type { PullResponse } from '@/api/types'
import { applyPage, dropCache, pruneFacts } from '@/db/cache'
import { enqueue, resend, settle, unsettled } from '@/db/outbox'
import HandOverNote from '@/features/handovers/HandOverNote.vue'
import HandOverPage from '@/features/handovers/HandOverPage.vue'
import HandOversPage from '@/features/handovers/HandOversPage.vue'
import HouseholdPage from '@/features/households/HouseholdPage.vue'
import { newId } from '@/lib/ids'
import { useResidentsStore } from '@/stores/residents'
import { useSyncStore } from '@/stores/sync'

import { CELL, household, readResidents, test, until, world, type World } from '../mount'

vi.mock('@/components/say', () => ({ ask: () => Promise.resolve(true), say: () => undefined }))

const VILLAGE = CELL.slice(0, 12)
const NEXT = `${VILLAGE}902`
const HOUR = 3_600_000

function row(overrides: Partial<HandoverRow> = {}): HandoverRow {
  return {
    id: newId(), household: 'h501', person: null, place: '1幢1单元501', head: '张*', headcount: 3, monitored: 1, reason: 'wrong_cell', from: NEXT, from_name: '松河村第二网格',
    to: CELL, to_name: '松河村第一网格', author_name: '李卫国', offered_at: '2026-11-22T01:00:00Z', due_at: new Date(Date.now() + 23.5 * HOUR).toISOString(), state: 'offered', cell: '',
    mine: false, incoming: true, ...overrides,
  }
}

/** Queue and cache as the stores have them in the app. */
async function look(): Promise<void> {
  useSyncStore().setRows(await unsettled(here.db))
  useSyncStore().setHandovers(await here.db.handover.toArray())
}

let here: World
beforeEach(async () => {
  here = await world('/households/h501')
  await here.db.household.put(household('h501'))
  await here.db.region.bulkPut([
    { id: VILLAGE, code: VILLAGE, name: '松河村', level: 'village', parent: CELL.slice(0, 9) },
    { id: `${CELL.slice(0, 9)}902`, code: `${CELL.slice(0, 9)}902`, name: '柳树村', level: 'village', parent: CELL.slice(0, 9) },
    ...[1, 2, 3].map((n) => ({ id: `${VILLAGE}90${n}`, code: `${VILLAGE}90${n}`, name: `第${n}网格`, level: 'grid', parent: VILLAGE })),
  ])
  await readResidents(here.db)
  await until(() => useResidentsStore().regions.size === 5)
})
afterEach(() => here.db.delete())

it('forms for my own cells do not offer those beside them', () => {
  expect(useResidentsStore().cells.map((each) => each.code)).toEqual([CELL])
})

it('offers to the cells of the village and the villages of the township, and stands waiting at once', async () => {
  const page = here.show(HandOverPage, { household: 'h501' })
  await until(() => test(page, 'handover-to').exists())
  expect(test(page, 'handover-to').findAll('option').map((each) => each.text())).toEqual(['请选择移交给谁', '第2网格', '第3网格', '松河村', '柳树村'])
  await page.find('form').trigger('submit')
  expect(test(page, 'save-problem').text()).toContain('移交给谁')
  await test(page, 'handover-to').setValue(NEXT)
  await test(page, 'handover-reason-wrong_cell').trigger('click')
  await page.find('form').trigger('submit')
  await until(async () => (await here.db.outbox.count()) === 1)
  const [made] = await unsettled(here.db)
  expect(made).toMatchObject({ kind: 'handover', household: 'h501', body: { household: 'h501', to: NEXT, reason: 'wrong_cell' } })
  page.unmount()

  await look()
  const note = here.show(HandOverNote, { subject: 'h501', to: '/', may: true })
  expect(test(note, 'handover-state').text()).toBe('已移交给松河村第2网格，等待上报')
  expect(test(note, 'hand-over').exists()).toBe(false)
  // Confirmed, and not delivered yet: it still stands.
  await settle(here.db, [{ id: made!.id, state: 'confirmed', verdict: 'created' }])
  await look()
  await until(() => test(note, 'handover-state').exists())
  expect(test(note, 'handover-state').text()).toContain('松河村第2网格')
  // Delivered: with its clock; overdue in words.
  const delivered = row({ id: made!.id, from: CELL, to: NEXT, to_name: '松河村第2网格', mine: true, incoming: false })
  await here.db.handover.put(delivered)
  await look()
  await until(() => test(note, 'handover-state').text().startsWith('等待'))
  expect(test(note, 'handover-state').text()).toMatch(/^等待松河村第2网格签收，还剩 23 小时/)
  await here.db.handover.put({ ...delivered, due_at: new Date(Date.now() - 2 * HOUR).toISOString() })
  await look()
  await until(() => test(note, 'handover-state').classes().includes('overdue'))
  await test(note, 'handover-withdraw').trigger('click')
  await until(async () => (await here.db.outbox.where('state').equals('waiting').count()) === 1)
  await look()
  await until(() => test(note, 'hand-over').exists())
  expect(test(note, 'handover-state').text()).toContain('已撤回')
  note.unmount()
})

it('an offer that the server refuses is undone on the screen and stands in the inbox', async () => {
  await enqueue(here.db, { id: 'o1', kind: 'handover', body: { household: 'h501', to: NEXT, reason: 'moved' }, label: '1幢1单元501', household: 'h501' })
  await look()
  const note = here.show(HandOverNote, { subject: 'h501', to: '/', may: true })
  expect(test(note, 'handover-state').exists()).toBe(true)
  await settle(here.db, [{ id: 'o1', state: 'needs-you', verdict: 'rejected', code: 'already_offered', message: '这户（人）已在移交中。' }])
  await look()
  await until(() => !test(note, 'handover-state').exists())
  expect(useSyncStore().needsYou.map((each) => each.code)).toEqual(['already_offered'])
  note.unmount()
})

it('what comes to me is accepted without network, once, and comes back when the answer is refused', async () => {
  const given = row()
  await here.db.handover.put(given)
  await look()
  const sync = useSyncStore()
  expect(sync.incoming).toHaveLength(1)
  const page = here.show(HandOversPage)
  expect(test(page, 'incoming-row').text()).toContain('张* · 3 人 · 1 人健康监测中')
  expect(test(page, 'incoming-row').text()).toContain('松河村第二网格移交 · 分错网格')
  await until(() => test(page, 'accept').exists())
  const accept = test(page, 'accept')
  await Promise.all([accept.trigger('click'), accept.trigger('click')])
  await until(async () => (await here.db.outbox.count()) === 1)
  await look()
  expect(sync.rows).toHaveLength(1)
  expect(sync.rows[0]).toMatchObject({ kind: 'handover_answer', handover: given.id, body: { handover: given.id, answer: 'accepted' } })
  await until(() => !test(page, 'incoming-row').exists())
  expect(sync.incoming).toHaveLength(0)
  expect(test(page, 'handover-row').attributes()).toMatchObject({ 'data-state': 'accepted', 'data-pending': 'true' })
  await settle(here.db, [{ id: sync.rows[0]!.id, state: 'needs-you', verdict: 'rejected', code: 'already_answered', message: '以先到的为准' }])
  await look()
  await until(() => test(page, 'incoming-row').exists())
  expect([sync.incoming.length, sync.needsYou.length]).toEqual([1, 1])
  page.unmount()
})

it('what is accepted without network stands in the list at once, can be visited, and goes when it was refused', async () => {
  const given = row({ household: 'h9', head: '李*', headcount: 4, place: '9幢2单元302' })
  await here.db.handover.put(given)
  const accept = (id: string) => enqueue(here.db, { id, kind: 'handover_answer', body: { handover: given.id, answer: 'accepted' }, label: given.place, handover: given.id })
  await accept('a1')
  // Nothing but what the hand-over said.
  expect(await here.db.household.get('h9')).toEqual({
    id: 'h9', region: CELL, address: '9幢2单元302', building: '', unit: '', floor: null, door: '', head: '李*', headcount: 4, occupancy: 'occupied', care: [],
    phone_known: false, version: 0, sort: `${CELL}|`, pending: true, handover: given.id,
  })
  const residents = useResidentsStore()
  await until(() => residents.householdById.has('h9'))
  expect(residents.households[0]!.id).toBe('h9')
  await look()
  const home = here.show(HouseholdPage, { id: 'h9' })
  await until(() => test(home, 'unconfirmed').exists())
  expect([test(home, 'unconfirmed').text(), test(home, 'edit-household').exists(), test(home, 'hand-over').exists()]).toEqual(['待确认', false, false])
  await test(home, 'all-well').trigger('click')
  await until(async () => (await here.db.outbox.count()) === 2)
  home.unmount()

  await settle(here.db, [{ id: 'a1', state: 'needs-you', verdict: 'rejected', code: 'already_answered' }])
  expect(await here.db.household.get('h9')).toBeUndefined()
  const [, visit] = await unsettled(here.db)
  expect(visit).toMatchObject({ kind: 'visit', state: 'waiting', household: 'h9' })
  // The server had forgotten the offer, and was told again: the same answer goes once more.
  await resend(here.db, 'a1')
  expect((await here.db.household.get('h9'))?.handover).toBe(given.id)
})

it('an accepted household outlives a new download and a cleared cache, and is what is delivered from then on', async () => {
  const given = row({ household: 'h9' })
  const put = (kind: string, data: object) => ({ kind, id: (data as { id: string }).id, op: 'put' as const, data: data as Record<string, unknown> })
  const deliver = (changes: ReturnType<typeof put>[], resync = false, more = false) =>
    applyPage(here.db, { resync, cursor: 'c', more, scope: [CELL], history: 'h', server_time: '', changes } as unknown as PullResponse)
  const held = async () => (await here.db.household.get('h9'))?.handover
  await here.db.handover.put(given)
  await enqueue(here.db, { id: 'a1', kind: 'handover_answer', body: { handover: given.id, answer: 'accepted' }, label: given.place, handover: given.id })
  await deliver([put('household', household('h501'))], true, true)
  await deliver([put('handover', given)])
  expect(await held()).toBe(given.id)
  await dropCache(here.db)
  expect(await held()).toBe(given.id)
  // It is heard that the giver took it back; the answer itself still goes up.
  await deliver([put('handover', { ...given, state: 'withdrawn' })])
  expect([await held(), (await unsettled(here.db)).length]).toEqual([undefined, 1])
  await deliver([put('handover', given)])
  expect(await held()).toBe(given.id)
  await settle(here.db, [{ id: 'a1', state: 'confirmed', verdict: 'created' }])
  expect(await held()).toBe(given.id)
  await deliver([put('household', household('h9', { head: '李*', version: 4 }))])
  expect(await here.db.household.get('h9')).toEqual(household('h9', { head: '李*', version: 4 }))
})

it('a household of my own is not written over by what I accept', async () => {
  const given = row({ from: CELL, to: VILLAGE })
  await here.db.handover.put(given)
  await enqueue(here.db, { id: 'a1', kind: 'handover_answer', body: { handover: given.id, answer: 'accepted', region: NEXT }, label: given.place, handover: given.id })
  await settle(here.db, [{ id: 'a1', state: 'needs-you', verdict: 'rejected', code: 'already_answered' }])
  expect(await here.db.household.get('h501')).toEqual(household('h501'))
})

it('sending it back asks for the reason and takes a note, which survives a killed tab', async () => {
  const given = row()
  await here.db.handover.put(given)
  await look()
  const page = here.show(HandOversPage)
  await until(() => test(page, 'decline').exists())
  await test(page, 'decline').trigger('click')
  await test(page, 'decline-do').trigger('click')
  expect(test(page, 'incoming-problem').text()).toContain('原因')
  await test(page, 'decline-not_ours').trigger('click')
  await test(page, 'note').setValue(' 已去看过，没有这户 ')
  await until(async () => (await here.db.drafts.count()) === 1)
  page.unmount()
  const again = here.show(HandOversPage)
  await until(() => test(again, 'note').exists())
  await test(again, 'decline-do').trigger('click')
  await until(async () => (await here.db.outbox.count()) === 1)
  expect((await unsettled(here.db))[0]!.body).toEqual({ handover: given.id, answer: 'declined', reason: 'not_ours', note: '已去看过，没有这户' })
  expect(await here.db.drafts.count()).toBe(0)
  again.unmount()
})

it('who accepts may add a note', async () => {
  const given = row()
  await here.db.handover.put(given)
  await look()
  const page = here.show(HandOversPage)
  await until(() => test(page, 'answer-note').exists())
  expect(test(page, 'note').exists()).toBe(false)
  await test(page, 'answer-note').trigger('click')
  await test(page, 'note').setValue('已与户主核对')
  await test(page, 'accept').trigger('click')
  await until(async () => (await here.db.outbox.count()) === 1)
  expect((await unsettled(here.db))[0]!.body).toEqual({ handover: given.id, answer: 'accepted', note: '已与户主核对' })
  page.unmount()
})

it('a village that is asked is answered by a cell for itself, which does not decline for it', async () => {
  await here.db.handover.put(row({ to: VILLAGE, to_name: '松河村' }))
  await look()
  const page = here.show(HandOversPage)
  await until(() => test(page, 'accept').exists())
  expect(test(page, 'decline').exists()).toBe(false)
  await test(page, 'accept').trigger('click')
  await until(async () => (await here.db.outbox.count()) === 1)
  expect((await unsettled(here.db))[0]!.body).toMatchObject({ answer: 'accepted', region: CELL })
  page.unmount()
})

it('is delivered by a pull, the incoming side last, and forgotten a week after the answer', async () => {
  const given = row({ id: 'x' })
  const answered = row({ id: 'old', state: 'declined', answered_at: '2026-01-02T00:00:00Z' })
  const put = (data: HandoverRow) => ({ kind: 'handover', id: data.id, op: 'put' as const, data: data as unknown as Record<string, unknown> })
  await applyPage(here.db, {
    resync: true, cursor: 'c', more: false, scope: [CELL], history: 'h', server_time: '', changes: [put({ ...given, incoming: false }), put(given), put(answered)],
  })
  expect((await here.db.handover.get('x'))?.incoming).toBe(true)
  await pruneFacts(here.db)
  expect(await here.db.handover.toCollection().primaryKeys()).toEqual(['x'])
})
