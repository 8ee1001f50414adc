/** Guards hide what is of no use; the server decides what is allowed. */
import type { Router } from 'vue-router'

import { useSessionStore } from '@/stores/session'

/** Without a known user there is only the sign-in page. An expired session keeps working offline. */
export function signedInGuard(router: Router): void {
  router.beforeEach((to) => {
    const session = useSessionStore()
    if (!session.session && !to.meta.public) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    if (session.session && !session.expired && to.name === 'login') return { name: 'today' }
    return true
  })
}

/** A start password opens one page only. */
export function passwordGuard(router: Router): void {
  router.beforeEach((to) => {
    const session = useSessionStore()
    if (session.session?.must_change_password && !session.expired && !to.meta.public && to.name !== 'password') return { name: 'password' }
    return true
  })
}
