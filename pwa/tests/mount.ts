import { mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'

import type { HouseholdRow, PersonRow, ReturneeRow, Session } from '@/api/types'
import type { UserDb } from '@/db/schema'
import { zhHans } from '@/locales'
import { compileMessage } from '@/locales/compile'
import { useResidentsStore } from '@/stores/residents'
import { useSessionStore } from '@/stores/session'

import { freshDb } from './helpers'

export const CELL = '220521901901901'

export const SESSION: Session = {
  user: { id: 7, username: 'grid1', name: '周桂兰' },
  roles: [{ role: 'grid_worker', label: '网格员' }],
  duties: [{ role: 'grid_worker', role_label: '网格员', region: CELL, region_name: '第一网格', level: 'grid', from: '2026-01-01', to: null }],
  capabilities: ['sync', 'visit_record', 'household_edit', 'returnee_register', 'check_record', 'alert_view', 'alert_handle'],
  api_level: 1,
  csrf: 'token',
  server_time: '',
  must_change_password: false,
}

export function household(id: string, overrides: Partial<HouseholdRow> = {}): HouseholdRow {
  return {
    id, region: CELL, address: '松河社区', building: '1', unit: '1', floor: 1, door: id.slice(-3), head: '张*', headcount: 3,
    occupancy: 'occupied', care: [], phone_known: false, version: 1, sort: id, ...overrides,
  }
}

export function person(id: string, inHousehold: string): PersonRow {
  return { id, household: inHousehold, region: CELL, name: '王*', purpose: ['returnee'], phone_last4: '5678', version: 1 }
}

export function returnee(who: string, from: string, to: string): ReturneeRow {
  return { id: `r-${who}`, person: who, region: CELL, origin_name: '湖北省', arrived_on: from, monitor_from: from, monitor_to: to, state: 'present', version: 1 }
}

export interface World {
  db: UserDb
  router: Router
  show: (component: Component, props?: Record<string, unknown>) => VueWrapper
}

/** A signed-in user with an empty database and every page of the app as a blank behind its path. */
export async function world(path = '/'): Promise<World> {
  const pinia = createPinia()
  setActivePinia(pinia)
  const db = await freshDb()
  const session = useSessionStore()
  session.session = SESSION
  session.db = db
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:all(.*)*', component: { template: '<div/>' } }] })
  await router.push(path)
  const i18n = createI18n({ legacy: false, locale: 'zh-Hans', messages: { 'zh-Hans': zhHans }, messageCompiler: compileMessage })
  return {
    db,
    router,
    show: (component, props = {}) => mount(component, { props, global: { plugins: [pinia, router, i18n] }, attachTo: document.body }),
  }
}

/** Opens the residents store on what the database holds, and waits until it has read it. */
export async function readResidents(db: UserDb): Promise<void> {
  const residents = useResidentsStore()
  residents.attach(db)
  await until(() => residents.loaded)
}

export async function until(holds: () => boolean | Promise<boolean>, ms = 3000): Promise<void> {
  const end = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const test = (wrapper: VueWrapper, id: string) => wrapper.find(`[data-testid="${id}"]`)
