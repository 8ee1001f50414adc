import { createRouter, createWebHistory, type Router } from 'vue-router'

import { passwordGuard, signedInGuard } from './guards'
import { routes } from './routes'

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/'),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  signedInGuard(router)
  passwordGuard(router)
  return router
}
