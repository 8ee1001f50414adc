import type { App } from 'vue'

import { createAppRouter } from '@/router'

export function installRouter(app: App): void {
  app.use(createAppRouter())
}
