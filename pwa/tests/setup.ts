import 'fake-indexeddb/auto'

import { afterEach } from 'vitest'

import { setServerOffset } from '@/lib/clock'

// jsdom lacks what the app only uses for looks.
window.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  addListener: () => undefined,
  removeListener: () => undefined,
  dispatchEvent: () => false,
})) as typeof window.matchMedia
window.scrollTo = (() => undefined) as typeof window.scrollTo

afterEach(() => {
  setServerOffset(0)
  localStorage.clear()
})
