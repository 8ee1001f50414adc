/**
 * Identity documents, checked on the phone before the form is saved; the server checks again.
 * 18 digits: GB 11643-1999 (area, birth date, order, check digit). 15 digits: the old form without century and check.
 */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK = '10X98765432'

export type DocumentType = 'id_card' | 'passport' | 'hk_macau' | 'taiwan' | 'other'
export const DOCUMENT_TYPES: readonly DocumentType[] = ['id_card', 'passport', 'hk_macau', 'taiwan', 'other']

/** What is wrong with a number; a key below `document.problem.*`. */
export type DocumentProblem = 'empty' | 'length' | 'characters' | 'date' | 'check' | 'format'

export function normaliseDocument(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (ch) => String.fromCharCode(ch.charCodeAt(0) - 0xfee0))
    .replace(/[\s-]/g, '')
    .toUpperCase()
}

function isRealDate(year: number, month: number, date: number): boolean {
  const at = new Date(Date.UTC(year, month - 1, date))
  return at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === date
}

export function checkDigit(first17: string): string {
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(first17[i]), 0)
  return CHECK[sum % 11]!
}

function idCardProblem(number: string, todayDay: string): DocumentProblem | null {
  if (number.length !== 18 && number.length !== 15) return 'length'
  if (!(number.length === 18 ? /^\d{17}[\dX]$/ : /^\d{15}$/).test(number)) return 'characters'
  const birth = number.length === 18 ? number.slice(6, 14) : `19${number.slice(6, 12)}`
  const [year, month, date] = [Number(birth.slice(0, 4)), Number(birth.slice(4, 6)), Number(birth.slice(6, 8))]
  const day = `${birth.slice(0, 4)}-${birth.slice(4, 6)}-${birth.slice(6, 8)}`
  if (!isRealDate(year, month, date) || year < 1900 || day > todayDay) return 'date'
  if (number.length === 18 && checkDigit(number) !== number[17]) return 'check'
  return null
}

/** `null` when the number can stand. `todayDay` is the business day: nobody is born after it. */
export function documentProblem(type: DocumentType, raw: string, todayDay: string): DocumentProblem | null {
  const number = normaliseDocument(raw)
  if (!number) return 'empty'
  if (type === 'id_card') return idCardProblem(number, todayDay)
  const pattern = { passport: /^[A-Z0-9]{5,20}$/, hk_macau: /^[HMC]?\d{8,11}$/, taiwan: /^[A-Z]?\d{8,12}[A-Z]?$/, other: /^[A-Z0-9]{3,40}$/ }[type]
  return pattern.test(number) ? null : 'format'
}
