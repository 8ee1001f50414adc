/** Words that several screens share: places, times as people say them, who is due. */
import { useI18n } from 'vue-i18n'

import type { HouseholdRow } from '@/api/types'
import { addDays, clockParts, hourMinute, now, spanParts, today } from '@/lib/clock'
import { doorWord } from '@/lib/walking'

export function useWords() {
  const { t } = useI18n()

  function groupTitle(building: string, unit: string): string {
    if (building && unit) return t('place.buildingUnit', { building, unit })
    if (building) return t('place.building', { building })
    return ''
  }

  /** 3幢1单元501, as the desk writes it, or the address where there is no building. */
  function placeOf(row: Pick<HouseholdRow, 'building' | 'unit' | 'door' | 'address'>): string {
    const group = groupTitle(row.building, row.unit)
    return group ? t('place.door', { group, door: row.door || doorWord(row) }) : row.address || row.door
  }

  /** 今天 14:05 · 昨天 9:30 · 11月3日 8:00 */
  function when(iso: string): string {
    const at = new Date(iso)
    if (Number.isNaN(at.getTime())) return ''
    const parts = clockParts(at)
    const time = hourMinute(at)
    if (parts.day === today()) return t('time.todayAt', { time })
    if (parts.day === addDays(today(), -1)) return t('time.yesterdayAt', { time })
    if (parts.day === addDays(today(), 1)) return t('time.tomorrowAt', { time })
    return t('time.dayAt', { month: parts.month, date: parts.date, time })
  }

  /** 11月22日 周日 */
  function dayWord(day: string): string {
    const parts = clockParts(new Date(`${day}T04:00:00Z`))
    return t('time.day', { month: parts.month, date: parts.date, weekday: t(`time.weekday.${parts.weekday}`) })
  }

  function span(ms: number): string {
    const { days, hours, minutes, seconds } = spanParts(ms)
    if (days) return t('time.span.days', { days, hours })
    if (hours) return t('time.span.hours', { hours, minutes })
    if (minutes) return t('time.span.minutes', { minutes })
    return t('time.span.seconds', { seconds })
  }

  /** 还剩 42 分 / 已超时 3 分 */
  function remaining(dueIso: string, at: Date = now()): { overdue: boolean; text: string } {
    const ms = Date.parse(dueIso) - at.getTime()
    return ms < 0 ? { overdue: true, text: t('time.overdue', { span: span(ms) }) } : { overdue: false, text: t('time.left', { span: span(ms) }) }
  }

  /** 刚刚 / 5 分钟前 */
  function ago(ms: number): string {
    const gone = Date.now() - ms
    return gone < 60_000 ? t('time.justNow') : t('time.ago', { span: span(gone) })
  }

  /** A clause as the pack gives it; where its text is not held, in words. */
  function clauseWord(clause: string): string {
    return clause.replace(/clause text not held/gi, t('why.noClause'))
  }

  /** `national-2021.1:fever_threshold@2020-02-24` as a sentence: whose rules, which edition, in force since when. */
  function versionWord(version: string): string {
    const parts = /^(\w+)-([\d.]+):[^@]*@(\d{4})-(\d{2})-(\d{2})$/.exec(version)
    if (!parts) return t('why.version', { version })
    const [, pack, edition, year, month, date] = parts
    return t(pack === 'national' ? 'why.national' : 'why.local', { edition: edition!, year: year!, month: Number(month), date: Number(date) })
  }

  return { clauseWord, versionWord, groupTitle, placeOf, when, dayWord, remaining, span, ago }
}
