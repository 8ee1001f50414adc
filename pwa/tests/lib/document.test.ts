import { describe, expect, it } from 'vitest'

import { checkDigit, documentProblem, normaliseDocument } from '@/lib/document'

const TODAY = '2026-11-22'

describe('identity card, GB 11643', () => {
  it('accepts the example of the standard, also as typed by hand', () => {
    expect(documentProblem('id_card', '11010519491231002X', TODAY)).toBeNull()
    expect(documentProblem('id_card', ' 110105 19491231 002x', TODAY)).toBeNull()
    expect(documentProblem('id_card', '１１０１０５１９４９１２３１００２Ｘ', TODAY)).toBeNull()
  })

  it('finds every single wrong digit', () => {
    const right = '11010519491231002X'
    for (let i = 6; i < 17; i += 1) {
      const wrong = right.slice(0, i) + String((Number(right[i]) + 1) % 10) + right.slice(i + 1)
      expect(documentProblem('id_card', wrong, TODAY), wrong).not.toBeNull()
    }
  })

  it('finds swapped neighbours', () => {
    expect(documentProblem('id_card', '11010519491213002X', TODAY)).not.toBeNull()
  })

  it('accepts the old form of 15 digits', () => {
    expect(documentProblem('id_card', '110105491231002', TODAY)).toBeNull()
    expect(documentProblem('id_card', '110105491331002', TODAY)).toBe('date')
  })

  it('says what is wrong', () => {
    expect(documentProblem('id_card', '', TODAY)).toBe('empty')
    expect(documentProblem('id_card', '1101051949123100', TODAY)).toBe('length')
    expect(documentProblem('id_card', '1101051949123100AX', TODAY)).toBe('characters')
    expect(documentProblem('id_card', '110105194902300020', TODAY)).toBe('date')
    expect(documentProblem('id_card', '110105194912310021', TODAY)).toBe('check')
  })

  it('knows no one born tomorrow', () => {
    const first = '11010520261123001'
    expect(documentProblem('id_card', first + checkDigit(first), TODAY)).toBe('date')
  })
})

describe('other documents', () => {
  it('are held to their own form', () => {
    expect(documentProblem('passport', 'e12345678', TODAY)).toBeNull()
    expect(documentProblem('passport', 'e1', TODAY)).toBe('format')
    expect(documentProblem('hk_macau', 'H12345678', TODAY)).toBeNull()
    expect(documentProblem('taiwan', '12345678', TODAY)).toBeNull()
  })

  it('lose spaces and dashes', () => {
    expect(normaliseDocument('ab-12 34')).toBe('AB1234')
  })
})
