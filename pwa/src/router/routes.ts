import type { RouteRecordRaw } from 'vue-router'

import HomePage from '@/features/home/HomePage.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    public?: boolean
    /** One of the four places: shows the bottom bar. */
    tabs?: boolean
  }
}

export const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('@/features/login/LoginPage.vue'), meta: { public: true } },
  { path: '/', name: 'today', component: HomePage, meta: { tabs: true } },
  { path: '/households', name: 'households', component: () => import('@/features/households/HouseholdListPage.vue'), meta: { tabs: true } },
  { path: '/households/new', name: 'household-new', component: () => import('@/features/households/HouseholdNewPage.vue') },
  { path: '/households/:id', name: 'household', component: () => import('@/features/households/HouseholdPage.vue'), props: true },
  { path: '/households/:id/edit', name: 'household-edit', component: () => import('@/features/households/HouseholdEditPage.vue'), props: true },
  { path: '/households/:id/visit', name: 'visit', component: () => import('@/features/visits/VisitPage.vue'), props: true },
  { path: '/households/:household/handover', name: 'handover-household', component: () => import('@/features/handovers/HandOverPage.vue'), props: true },
  { path: '/people/:person/handover', name: 'handover-person', component: () => import('@/features/handovers/HandOverPage.vue'), props: true },
  { path: '/handovers', name: 'handovers', component: () => import('@/features/handovers/HandOversPage.vue') },
  { path: '/checks', name: 'checks', component: () => import('@/features/checks/CheckListPage.vue') },
  { path: '/checks/:person/:session(morning|evening)', name: 'check', component: () => import('@/features/checks/CheckPage.vue'), props: true },
  { path: '/returnees/new', name: 'returnee-new', component: () => import('@/features/returnees/ReturneeNewPage.vue') },
  { path: '/people/:id', name: 'person', component: () => import('@/features/people/PersonPage.vue'), props: true },
  { path: '/people/:id/edit', name: 'person-edit', component: () => import('@/features/people/PersonEditPage.vue'), props: true },
  { path: '/people/:id/returnee', name: 'returnee-edit', component: () => import('@/features/returnees/ReturneeEditPage.vue'), props: true },
  { path: '/alerts', name: 'alerts', component: () => import('@/features/alerts/AlertsPage.vue'), meta: { tabs: true } },
  { path: '/alerts/:id', name: 'alert', component: () => import('@/features/alerts/AlertPage.vue'), props: true },
  { path: '/report', name: 'report', component: () => import('@/features/reports/ReportPage.vue') },
  { path: '/report/trace', name: 'trace', component: () => import('@/features/reports/TracePage.vue') },
  { path: '/me', name: 'me', component: () => import('@/features/me/MePage.vue'), meta: { tabs: true } },
  { path: '/me/sync', name: 'sync', component: () => import('@/features/me/SyncPage.vue') },
  { path: '/me/sync/receipts', name: 'receipts', component: () => import('@/features/me/ReceiptsPage.vue') },
  { path: '/me/sync/carry-out', name: 'carry-out', component: () => import('@/features/me/CarryOutPage.vue') },
  { path: '/me/sync/carry-in', name: 'carry-in', component: () => import('@/features/me/CarryInPage.vue') },
  { path: '/me/sync/conflicts/:id', name: 'conflict', component: () => import('@/features/me/ConflictPage.vue'), props: true },
  { path: '/me/sync/:id', name: 'record', component: () => import('@/features/me/RecordPage.vue'), props: true },
  { path: '/me/leave', name: 'leave', component: () => import('@/features/me/LeavePage.vue') },
  { path: '/me/devices', name: 'devices', component: () => import('@/features/me/DevicesPage.vue') },
  { path: '/me/password', name: 'password', component: () => import('@/features/me/PasswordPage.vue') },
  { path: '/:rest(.*)*', redirect: '/' },
]
