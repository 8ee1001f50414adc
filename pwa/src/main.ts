import { createApp } from 'vue'

import App from './App.vue'
import { installAppearance } from './boot/appearance'
import { installI18n } from './boot/i18n'
import { installPinia } from './boot/pinia'
import { installRouter } from './boot/router'
import { installServiceWorker } from './boot/serviceWorker'
import { installWorkspace } from './boot/workspace'
import './styles/tokens.css'
import './styles/base.css'

async function start(): Promise<void> {
  const app = createApp(App)
  installPinia(app)
  await installI18n(app)
  installAppearance()
  installWorkspace()
  installRouter(app)
  app.mount('#app')
  installServiceWorker()
}

void start()
