/** Needs an element with ref="sentinel" after the list. Long lists start short and grow as their end comes near: 1,200 doors must not be laid out before the first can be tapped. */
import { onScopeDispose, ref, useTemplateRef, watch } from 'vue'

export function useGrowing(first: number, step: number) {
  const limit = ref(first)
  const sentinel = useTemplateRef<HTMLElement>('sentinel')
  if (typeof IntersectionObserver === 'undefined') {
    limit.value = Number.MAX_SAFE_INTEGER
    return { limit }
  }
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return
      limit.value += step
      // The end may still be in view after growing, and would then not be announced again.
      const target = sentinel.value
      if (target) {
        observer.unobserve(target)
        requestAnimationFrame(() => sentinel.value && observer.observe(sentinel.value))
      }
    },
    { rootMargin: '800px' },
  )
  watch(sentinel, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  onScopeDispose(() => observer.disconnect())
  return { limit }
}
