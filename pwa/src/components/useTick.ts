/** A clock for countdowns, shared by a component's life. `now` is the business clock, every second or as asked. */
import { onScopeDispose, ref } from 'vue'

import { now } from '@/lib/clock'

export function useTick(everyMs = 1000) {
  const at = ref(now())
  const timer = setInterval(() => (at.value = now()), everyMs)
  onScopeDispose(() => clearInterval(timer))
  return at
}
