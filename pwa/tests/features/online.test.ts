import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { DailyReport } from '@/api/reports'
import type { AlertRow } from '@/api/types'
import AlertsPage from '@/features/alerts/AlertsPage.vue'
import ReportPage from '@/features/reports/ReportPage.vue'
import { useAlertsStore } from '@/stores/alerts'

import { test, until, world, type World } from '../mount'

let here: World
let answers: ((url: string, init: RequestInit) => [number, unknown] | null)[]
let asked: string[]

beforeEach(async () => {
  answers = []
  asked = []
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${url}`)
    for (const answer of answers) {
      const found = answer(url, init)
      if (found) return Promise.resolve(new Response(JSON.stringify(found[1]), { status: found[0], headers: { 'content-type': 'application/json' } }))
    }
    return Promise.reject(new TypeError('offline'))
  })
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await here.db.delete()
})

const VILLAGE = '220521901901'

function report(overrides: Partial<DailyReport> = {}): DailyReport {
  return {
    region: { code: VILLAGE, name: '松河社区', level: 'village', parent: '220521901' },
    day: '2026-11-22', is_closed: false, cutoff: null, state: 'running', value: null, automatic: false, late: false, revision: null,
    reported: 1, expected: 3, figures: { households: 300, reached: 90, fever: 0 },
    indicators: [
      { key: 'households', name: '住户', unit: '户', duty: 'A1', kind: 'stock' },
      { key: 'reached', name: '已走访', unit: '户', duty: 'A1', kind: 'flow' },
      { key: 'fever', name: '发热', unit: '人次', duty: 'B1', kind: 'event' },
    ],
    evidence: { facts: 90, visits: 90, checks: 0, last_received_at: null }, corrections: [], can_submit: true,
    children: (['n', 'missing', 'exempt'] as const).map((value, i) => ({
      code: `${VILLAGE}90${i}`, name: `第${i}网格`, level: 'grid', state: value === 'n' ? 'submitted' : value, value, automatic: true, late: false,
      reported: 1, expected: 1, figures: { households: 100, reached: value === 'n' ? 90 : null }, has_children: false,
    })),
    ...overrides,
  }
}

describe('日报', () => {
  beforeEach(async () => {
    here = await world(`/report?region=${VILLAGE}`)
  })

  it('shows the four values apart, with its evidence above the button', async () => {
    answers.push((url) => (url.includes('reports/daily/') ? [200, report()] : null))
    const page = here.show(ReportPage)
    await until(() => test(page, 'report').exists())
    expect(page.findAll('[data-testid="report-cell"]').map((cell) => cell.attributes('data-kind'))).toEqual(['n', 'missing', 'exempt'])
    expect(page.findAll('[data-testid="report-cell"]').map((cell) => cell.find('.value').text())).toEqual(['90%', '未报', '免报'])
    expect(test(page, 'report-evidence').text()).toContain('走访 90 条')
    expect(test(page, 'confirm-report').text()).toBe('确认零报告')
    page.unmount()
  })

  it('says what contradicts a zero, and shows the figures anew', async () => {
    let reads = 0
    answers.push((_url, init) => (init.method === 'POST' ? [409, { code: 'zero_contradicted', message: '今日已有异常记录', detail: { figures: { fever: 1 } } }] : null))
    answers.push(() => {
      reads += 1
      return [200, reads > 1 ? report({ figures: { households: 300, reached: 90, fever: 1 } }) : report()]
    })
    const page = here.show(ReportPage)
    await until(() => test(page, 'confirm-report').exists())
    await test(page, 'confirm-report').trigger('click')
    await until(() => test(page, 'report-problem').exists())
    expect(test(page, 'report-problem').text()).toContain('今日已有异常记录')
    expect(test(page, 'report-problem').text()).toContain('发热 1')
    expect(test(page, 'confirm-report').text()).toBe('确认上报')
    page.unmount()
  })

  it('shows what was seen last when the network is away', async () => {
    answers.push(() => [200, report()])
    const first = here.show(ReportPage)
    await until(() => test(first, 'report').exists())
    await until(async () => (await here.db.meta.count()) > 0)
    first.unmount()
    // The router forgets its place with the last app it served.
    await here.router.push(`/report?region=${VILLAGE}`)
    answers.length = 0
    const again = here.show(ReportPage)
    await until(() => test(again, 'report').exists())
    expect(again.text()).toContain('没有网络，这是')
    again.unmount()
  })
})

describe('预警', () => {
  const alert = (id: string, state: AlertRow['state'] = 'open', severity: AlertRow['severity'] = 'urgent'): AlertRow => ({
    id, rule: 'fever', severity, state, region: VILLAGE, region_name: '松河社区', place: `3幢1单元${id}`, title: '发热 38.6℃', raised_at: new Date().toISOString(),
    due_at: new Date(Date.now() + 7_200_000).toISOString(), capabilities: ['acknowledge', 'close'],
  })

  beforeEach(async () => {
    here = await world('/alerts')
    await useAlertsStore().attach(here.db)
  })

  it('lists what is open, the urgent first, and takes one', async () => {
    answers.push((_url, init) => (init.method === 'POST' ? [200, alert('501', 'acknowledged')] : null))
    answers.push((url) => [200, { alerts: url.includes('state=open') ? [alert('402', 'open', 'warning'), alert('501')] : [], events: [], last_seq: 4, more: false }])
    const page = here.show(AlertsPage)
    await until(() => page.findAll('[data-testid="alert-row"]').length === 2)
    expect(page.findAll('[data-testid="alert-row"]').map((row) => row.attributes('data-alert'))).toEqual(['501', '402'])
    expect(test(page, 'countdown').text()).toMatch(/还剩 1 小时 59 分|还剩 2 小时/)
    await test(page, 'acknowledge').trigger('click')
    await until(() => page.findAll('[data-testid="alert-row"]').length === 1)
    expect(asked).toContain('POST /api/v1/alerts/501/acknowledge/')
    page.unmount()
  })

  it('does not pretend to have taken an alert without network', async () => {
    const store = useAlertsStore()
    store.byId = new Map([['501', alert('501')]])
    const page = here.show(AlertsPage)
    await test(page, 'acknowledge').trigger('click')
    await until(() => page.text().includes('还没有签收'))
    expect(store.byId.get('501')?.state).toBe('open')
    page.unmount()
  })

  it('shows an event at once, once, and interrupts only for what is new and more than a notice', async () => {
    const store = useAlertsStore()
    const event = { seq: 9, type: 'raised' as const, alert: '601', at: new Date().toISOString(), region: VILLAGE, rule: 'fever', severity: 'urgent' as const, title: '发热', place: '601' }
    store.applyEvent({ ...event, seq: 8, alert: '600', at: new Date(Date.now() - 3_600_000).toISOString() })
    expect(store.justRaised).toBeNull()
    store.applyEvent(event)
    store.applyEvent(event)
    expect(store.justRaised?.alert).toBe('601')
    expect(store.open.map((each) => each.id).sort()).toEqual(['600', '601'])
    store.applyEvent({ ...event, seq: 10, type: 'acknowledged', by: '村委会' })
    expect(store.byId.get('601')).toMatchObject({ state: 'acknowledged', acknowledged_by: '村委会' })
  })

  it('lets go of an alert that moved to another cell, rings for one that moved here, and knows what closed by itself', async () => {
    const store = useAlertsStore()
    const event = { type: 'moved_in' as const, at: new Date().toISOString(), region: VILLAGE, rule: 'check_missed', severity: 'warning' as const, title: '健康监测未报', place: '601' }
    store.applyEvent({ ...event, seq: 20, alert: '700', other_region: '220521902901901' })
    expect(store.justRaised?.alert).toBe('700')
    expect(store.byId.get('700')?.state).toBe('open')
    store.applyEvent({ ...event, seq: 21, alert: '700', type: 'moved_out', other_region: '220521902901901' })
    expect(store.byId.has('700')).toBe(false)
    store.applyEvent({ ...event, seq: 22, alert: '701', type: 'closed', reason: 'answered' })
    expect(store.byId.get('701')).toMatchObject({ state: 'closed', close_reason: 'answered' })
  })
})
