import { describe, expect, it } from 'vitest'

import type { ReturneeBody } from '@/api/types'
import { checkBody, checkForm, emptyCheck } from '@/features/checks/checkForm'
import { emptyHousehold, householdBody, householdFaults, householdForm } from '@/features/households/householdForm'
import { cellKind, contradictions, coverage, isZeroReport } from '@/features/reports/report'
import { ABROAD, emptyReturnee, returneeBody, returneeFaults, returneeForm } from '@/features/returnees/returneeForm'

const TODAY = '2026-11-22'

describe('a returnee', () => {
  const good = { ...emptyReturnee('p', TODAY, 'h'), name: ' 张三 ', phone: '139 1234 5678', documentNumber: '11010519491231002x', origin: '42' }

  it('passes with six fields', () => {
    expect(returneeFaults(good, TODAY)).toEqual({})
    expect(returneeBody(good, '220521901901901')).toEqual({
      person: 'p', name: '张三', phone: '13912345678', document_type: 'id_card', document_number: '11010519491231002X',
      origin: '42', arrived_on: TODAY, household: 'h', region: '220521901901901',
    })
  })

  it('says where from in words when a city is given, or abroad', () => {
    expect(returneeBody({ ...good, originText: '武汉市' }, 'r')).toMatchObject({ origin_text: '湖北省武汉市' })
    expect(returneeBody({ ...good, origin: ABROAD, originText: '韩国' }, 'r')).toMatchObject({ origin_text: '韩国' })
    expect(returneeFaults({ ...good, origin: ABROAD }, TODAY)).toEqual({ origin: true })
  })

  it('lists every fault at once', () => {
    expect(returneeFaults({ ...emptyReturnee('p', ''), arrivedOn: '' }, TODAY)).toEqual({
      name: true, phone: true, document: 'empty', origin: true, arrived: 'empty', place: true, region: true,
    })
    expect(returneeFaults({ ...good, arrivedOn: '2026-11-23' }, TODAY)).toEqual({ arrived: 'future' })
    expect(returneeFaults({ ...good, arrivedOn: '2026-01-01' }, TODAY)).toEqual({ arrived: 'old' })
  })

  it('comes back from the inbox as it was typed', () => {
    const typed = { ...good, name: '张三', phone: '13912345678', documentNumber: '11010519491231002X', originText: '武汉市', region: 'r' }
    expect(returneeForm(returneeBody(typed, 'r'))).toEqual(typed)
    const travelled = { ...typed, transport: 'train' as const, transportNumber: 'G8012', via: '沈阳市' }
    expect(returneeForm(returneeBody(travelled, 'r'))).toEqual(travelled)
  })

  it('tells the journey as far as it is known; a number without its train says nothing', () => {
    expect(returneeBody({ ...good, transport: 'train', transportNumber: ' G8012 ', via: ' 沈阳市 ' }, 'r')).toMatchObject({ transport: 'train', transport_number: 'G8012', via: '沈阳市' })
    const told = Object.keys(returneeBody({ ...good, transportNumber: 'G8012' }, 'r'))
    expect(told.filter((field) => ['transport', 'transport_number', 'via'].includes(field))).toEqual([])
  })

  it('made by an earlier version of the app comes back with every word', () => {
    const old = { ...returneeBody(good, 'r'), transport: '火车 G8012' } as unknown as ReturneeBody
    expect(returneeForm(old)).toMatchObject({ transport: 'other', transportNumber: '火车 G8012', via: '' })
  })
})

describe('a household at the door', () => {
  it('needs a place and a head, unless empty', () => {
    expect([...householdFaults(emptyHousehold('h'))]).toEqual(['region', 'place', 'head'])
    const empty = { ...emptyHousehold('h'), region: 'r', building: '9', door: '101', occupancy: 'empty' as const }
    expect(householdFaults(empty).size).toBe(0)
    expect(householdBody(empty, '9幢 101')).toMatchObject({ headcount: 0, address: '9幢 101', floor: null })
  })

  it('comes back from the inbox as it was typed', () => {
    const typed = { ...emptyHousehold('h'), region: 'r', address: '村东', head: '李四', floor: '2', headcount: 4, phone: '13912345678' }
    expect(householdForm(householdBody(typed, ''))).toEqual(typed)
  })
})

describe('a check', () => {
  it('of somebody not reached holds no symptoms', () => {
    expect(checkBody('p', 'morning', { ...emptyCheck(), reachable: false, symptoms: ['fever'], temperature: 38 })).toEqual({
      person: 'p', session: 'morning', method: 'door', symptoms: [], reachable: false,
    })
  })

  it('comes back from the inbox as it was typed', () => {
    const typed = { ...emptyCheck(), temperature: 36.5, note: 'x' }
    expect(checkForm(checkBody('p', 'evening', typed))).toEqual(typed)
  })
})

describe('the report', () => {
  const unit = (state: string, value: string | null) => cellKind({ state, value: value as never })
  it('tells four values apart', () => {
    expect([unit('submitted', 'n'), unit('confirmed', 'zero'), unit('missing', null), unit('exempt', null), unit('running', null), unit('inactive', null)]).toEqual([
      'n', 'zero', 'missing', 'exempt', 'running', 'inactive',
    ])
  })

  it('is a zero report when nothing happened, however many doors were seen', () => {
    const indicators = [
      { key: 'reached', name: '', unit: '', duty: '', kind: 'flow' as const },
      { key: 'fever', name: '', unit: '', duty: '', kind: 'event' as const },
    ]
    expect(isZeroReport({ indicators, figures: { reached: 80, fever: 0 } })).toBe(true)
    expect(isZeroReport({ indicators, figures: { reached: 80, fever: 1 } })).toBe(false)
    expect(isZeroReport({ indicators, figures: { reached: null, fever: null } })).toBe(true)
  })

  it('knows a share only where both figures are', () => {
    expect(coverage({ reached: 30, households: 120 })).toBe(0.25)
    expect(coverage({ reached: null, households: 120 })).toBeNull()
    expect(coverage({ reached: 3, households: 0 })).toBeNull()
  })

  it('names what contradicts a zero', () => {
    expect(contradictions({ figures: { fever: 1, symptoms: 0 } })).toEqual([['fever', 1]])
    expect(contradictions(null)).toEqual([])
    expect(contradictions('x')).toEqual([])
  })
})
