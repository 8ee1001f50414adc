/** How a field that people edit is called, and how its value reads; masked values come masked from the server. */
import { useI18n } from 'vue-i18n'

import { useWords } from '@/components/words'
import { PROVINCES } from '@/lib/provinces'
import { useResidentsStore } from '@/stores/residents'

export function useFieldWords() {
  const { t, te } = useI18n()
  const words = useWords()
  const residents = useResidentsStore()

  function name(field: string): string {
    return te(`field.${field}`) ? t(`field.${field}`) : field
  }

  function household(id: string): string {
    const row = residents.householdById.get(id)
    return row ? words.placeOf(row) : t('household.unknown')
  }

  function value(field: string, given: unknown): string {
    if (given === null || given === undefined || given === '' || (Array.isArray(given) && !given.length)) return t('field.empty')
    if (Array.isArray(given)) return given.map((each) => (te(`${field}.${each}`) ? t(`${field}.${each}`) : String(each))).join('、')
    if (field === 'household') return household(String(given))
    if (field === 'occupancy') return t(`occupancy.${String(given)}`)
    if (field === 'transport') return t(`transport.${String(given)}`)
    if (field === 'document_type') return t(`document.${String(given)}`)
    if (field === 'origin') return PROVINCES.find(([code]) => code === String(given).slice(0, 2))?.[1] ?? String(given)
    if (field.endsWith('_on')) return words.dayWord(String(given))
    return String(given)
  }

  return { name, value }
}
