import zhHans from './zh-Hans'

export { zhHans }

/** Same tree of keys as Chinese, other words. */
type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> }
export type Messages = Words<typeof zhHans>

export async function loadMessages(locale: string): Promise<Messages | null> {
  if (locale === 'en') return (await import('./en')).default
  if (locale === 'ko') return (await import('./ko')).default
  return zhHans
}
