import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { OutboxRow } from '@/db/schema'
import { applyPage, pruneFacts } from '@/db/cache'
import { enqueue, resend, settle, unsettled } from '@/db/outbox'
import { mayRefer, referralOf, takeBack } from '@/db/referring'
import RecordPage from '@/features/me/RecordPage.vue'
import SyncPage from '@/features/me/SyncPage.vue'
import { useSyncStore } from '@/stores/sync'

import { page as delivered } from '../fakeServer'
import { visit } from '../helpers'
import { test, until, world, type World } from '../mount'

let here: World
let refused: OutboxRow
beforeEach(async () => {
  here = await world('/me/sync')
  const made = await enqueue(here.db, visit({ label: '1幢1单元501' }))
  await settle(here.db, [{ id: made.id, state: 'needs-you', verdict: 'rejected', code: 'unknown_household', message: '找不到这户。' }])
  refused = (await here.db.outbox.get(made.id))!
  useSyncStore().setRows(await unsettled(here.db))
})
afterEach(() => here.db.delete())

it('a record that came back is handed up whole, once, and leaves the inbox', async () => {
  const page = here.show(RecordPage, { id: refused.id })
  await test(page, 'record-refer').trigger('click')
  await vi.waitUntil(() => page.find('textarea').exists())
  await page.find('textarea').setValue(' 新搬来的 ')
  await Promise.all([page.find('form').trigger('submit'), page.find('form').trigger('submit')])
  await until(async () => (await unsettled(here.db))[0]?.kind === 'referral')
  const [row, ...others] = await unsettled(here.db)
  expect(others).toEqual([])
  expect(row).toMatchObject({
    kind: 'referral', state: 'waiting', label: '1幢1单元501',
    body: { item: refused.id, kind: 'visit', schema: 1, seq: refused.seq, observed_at: refused.observedAt, record: refused.body, code: 'unknown_household', note: '新搬来的' },
  })
  page.unmount()
})

it('stands as handed up once the server has it, and says what became of it', async () => {
  await enqueue(here.db, referralOf((await here.db.outbox.get(refused.id))!, 'r1', ''))
  await settle(here.db, [{ id: 'r1', state: 'confirmed', verdict: 'created' }])
  const stub = (await here.db.outbox.get('r1'))!
  expect([stub.body, stub.refers]).toEqual([undefined, undefined])
  const page = here.show(SyncPage)
  await vi.waitUntil(() => page.find('[data-testid="referral-row"]').exists())
  expect(test(page, 'referral-row').text()).toContain('还在处理')
  const told = { id: 'r1', item: refused.id, kind: 'visit', place: '1幢1单元501', made_at: '2026-11-22T01:00:00Z', state: 'again', answered_by: '街道办', answered_at: '2026-11-22T02:00:00Z' }
  await applyPage(here.db, delivered([{ kind: 'referral', id: 'r1', op: 'put', data: told }]))
  await vi.waitUntil(() => test(page, 'referral-row').attributes('data-state') === 'again')
  expect(test(page, 'referral-row').text()).toContain('街道办：请重新登记一次')
  page.unmount()
  await here.db.referral.put({ ...told, kind: 'visit', state: 'again', answered_at: '2026-01-01T00:00:00Z' })
  await pruneFacts(here.db)
  expect(await here.db.referral.count()).toBe(0)
})

it('a note half typed survives a killed tab, and a save that fails says so and keeps everything', async () => {
  const first = here.show(RecordPage, { id: refused.id })
  await test(first, 'record-refer').trigger('click')
  await vi.waitUntil(() => first.find('textarea').exists())
  await first.find('textarea').setValue('新搬来的')
  await vi.waitUntil(async () => (await here.db.drafts.count()) === 1)
  first.unmount()
  const page = here.show(RecordPage, { id: refused.id })
  await test(page, 'record-refer').trigger('click')
  await vi.waitUntil(() => page.find('textarea').exists())
  expect(page.find('textarea').element.value).toBe('新搬来的')
  vi.spyOn(here.db.outbox, 'add').mockRejectedValueOnce(new Error('broken'))
  await page.find('form').trigger('submit')
  await vi.waitUntil(() => page.find('[data-testid="save-problem"]').exists())
  expect(await unsettled(here.db)).toEqual([refused])
  page.unmount()
})

it('what was sent again in another tab is not handed up as well', async () => {
  await resend(here.db, refused.id)
  await expect(enqueue(here.db, referralOf(refused, 'r1', ''))).rejects.toThrow()
  expect((await unsettled(here.db)).map((row) => [row.id, row.kind])).toEqual([[refused.id, 'visit']])
})

it('a referral that was refused gives the record back as it was', async () => {
  await enqueue(here.db, referralOf((await here.db.outbox.get(refused.id))!, 'r1', ''))
  await settle(here.db, [{ id: 'r1', state: 'needs-you', verdict: 'rejected', code: 'forbidden' }])
  const row = (await here.db.outbox.get('r1'))!
  expect(mayRefer(row)).toBe(false)
  await resend(here.db, 'r1')
  await settle(here.db, [{ id: 'r1', state: 'needs-you', verdict: 'rejected', code: 'forbidden' }])
  await takeBack(here.db, 'r1')
  expect(await unsettled(here.db)).toEqual([refused])
})

it('an id that belongs to another record is handed up under a new one; a question of two values is not handed up', async () => {
  await settle(here.db, [{ id: refused.id, state: 'needs-you', verdict: 'conflict', code: 'id_reused' }])
  await enqueue(here.db, referralOf((await here.db.outbox.get(refused.id))!, 'r1', ''))
  const [row] = await unsettled(here.db)
  expect((row!.body as { item: string }).item).not.toBe(refused.id)
  expect(mayRefer({ ...refused, code: 'edited_elsewhere' })).toBe(false)
  expect(mayRefer({ ...refused, body: undefined })).toBe(false)
})
