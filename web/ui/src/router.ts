import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { wantDesk } from './i18n'
import { roomsFor } from './office/rooms'
import { home, session, whoAmI } from './session'
import type { Me } from './api/types'

// Residents for their own cameras, officers for their unit's.
const isOwner = (me: Me) => me.type === 'resident' || me.type === 'officer'
const atOffice = (me: Me) => me.type === 'officer'
const isOfficer = (me: Me) => me.type === 'officer' || me.type === 'kiosk'

// Who answers events says what is one; who keeps the files draws blind.
const isRuler = (me: Me) => me.type === 'administrator' || Boolean(me.roles?.some((r) => r === 'dispatcher' || r === 'supervisor'))

declare module 'vue-router' {
  interface RouteMeta {
    /** i18n key of the page's title. */
    title?: string
    open?: boolean
    /** It says by itself that the service is away. */
    saysAway?: boolean
    /** Of a desk or a wall: its texts are the desks'. */
    desk?: boolean
    /** What the page asks the service first, beside who is signed in: the service names it in the page's Link header (dev/ahead.mjs). */
    asks?: readonly string[]
    for?: (me: Me) => boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: () => home() },
  { path: '/sign-in', component: () => import('./signin/SignInPage.vue'), meta: { title: 'sign_in.title', open: true } },
  { path: '/password', component: () => import('./signin/PasswordPage.vue'), meta: { title: 'password.title' } },
  { path: '/wall/:layout?', component: () => import('./wall/WallRoute.vue'), props: true, meta: { desk: true, saysAway: true, title: 'wall.title', for: isOfficer } },
  { path: '/clips/:id', component: () => import('./clips/ClipPage.vue'), props: true, meta: { desk: true, title: 'clip.title' } },
  { path: '/evidence', component: () => import('./evidence/EvidencePage.vue'), meta: { desk: true, title: 'evidence.title', for: isOfficer } },
  { path: '/evidence/play', component: () => import('./evidence/PlayPage.vue'), meta: { desk: true, title: 'play.title', for: isOfficer } },
  { path: '/evidence/live/:id', component: () => import('./evidence/ClearLivePage.vue'), props: true, meta: { desk: true, title: 'clear.live_title', for: isOfficer } },
  { path: '/evidence/cases', component: () => import('./evidence/CasesPage.vue'), meta: { desk: true, title: 'case.title', for: isOfficer } },
  { path: '/evidence/cases/:id', component: () => import('./evidence/CasePage.vue'), props: true, meta: { desk: true, title: 'case.title', for: isOfficer } },
  { path: '/my', component: () => import('./my/MyPage.vue'), meta: { asks: ['/api/my/cameras', '/api/my/cells'], title: 'my.title', for: isOwner } },
  { path: '/my/list', component: () => import('./my/many/ManyPage.vue'), meta: { asks: ['/api/my/cameras'], title: 'many.title_short', for: isOwner } },
  { path: '/my/:id/view', component: () => import('./my/ViewPage.vue'), props: true, meta: { asks: ['/api/my/cameras'], title: 'ways.view', for: isOwner } },
  { path: '/my/:id/masks', component: () => import('./my/masks/MasksPage.vue'), props: true, meta: { asks: ['/api/my/cameras'], title: 'ways.masks', for: isOwner } },
  { path: '/my/:id/hours', component: () => import('./my/week/HoursPage.vue'), props: true, meta: { asks: ['/api/my/cameras'], title: 'ways.hours', for: isOwner } },
  { path: '/my/:id/terms', component: () => import('./my/TermsPage.vue'), props: true, meta: { asks: ['/api/my/cameras'], title: 'ways.terms', for: isOwner } },
  { path: '/my/:id/looks', component: () => import('./my/looks/LooksPage.vue'), props: true, meta: { asks: ['/api/my/cameras', '/api/my/cameras/:id/looks'], title: 'looks.title', for: isOwner } },
  { path: '/my/:id/clips', component: () => import('./my/clips/OwnClipsPage.vue'), props: true, meta: { asks: ['/api/my/cameras', '/api/clips?camera=:id'], title: 'ways.clips', for: isOwner } },
  { path: '/my/:id/papers', component: () => import('./my/PapersPage.vue'), props: true, meta: { asks: ['/api/my/cameras'], title: 'ways.papers', for: isOwner } },
  { path: '/ask', component: () => import('./subjects/AskPage.vue'), meta: { title: 'subjects.ask_title', open: true } },
  { path: '/evidence/requests', component: () => import('./subjects/DeskPage.vue'), meta: { desk: true, title: 'subjects.desk', for: isOfficer } },
  { path: '/cell', component: () => import('./cell/CellPage.vue'), meta: { asks: ['/api/my/cells'], title: 'cell.title', for: isOwner } },
  { path: '/join/:token', component: () => import('./join/JoinPage.vue'), props: true, meta: { asks: ['/api/join/:token'], title: 'join.page', open: true } },
  { path: '/factor-shown', component: () => import('./signin/FactorShown.vue'), meta: { title: 'factor.shown_title' } },
  { path: '/factor', component: () => import('./signin/FactorPage.vue'), meta: { title: 'factor.title' } },
  { path: '/system/cameras', component: () => import('./town/CamerasPage.vue'), meta: { desk: true, title: 'town.title', for: (me) => me.type === 'administrator' } },
  { path: '/system/places', component: () => import('./places/PlacesPage.vue'), meta: { desk: true, title: 'places.title', for: (me) => me.type === 'administrator' } },
  { path: '/system/people', component: () => import('./people/PeoplePage.vue'), meta: { desk: true, title: 'people.title', for: (me) => me.type === 'administrator' } },
  { path: '/office', redirect: () => roomsFor(session.me)[0]?.to ?? home() },
  { path: '/office/views', component: () => import('./office/ViewsPage.vue'), meta: { desk: true, title: 'views.title', for: atOffice } },
  { path: '/office/invitations', component: () => import('./office/InvitationsPage.vue'), meta: { desk: true, title: 'invitations.title', for: atOffice } },
  { path: '/office/complaints', component: () => import('./office/ComplaintsPage.vue'), meta: { desk: true, title: 'complaints.title', for: atOffice } },
  { path: '/office/deferrals', component: () => import('./office/DeferralsPage.vue'), meta: { desk: true, title: 'deferrals.title', for: atOffice } },
  { path: '/office/machine', component: () => import('./office/MachinePage.vue'), meta: { desk: true, title: 'machine.title', for: atOffice } },
  { path: '/office/people', component: () => import('./office/ProposalsPage.vue'), meta: { desk: true, title: 'people.office_title', for: atOffice } },
  { path: '/welcome/:token', component: () => import('./people/WelcomePage.vue'), props: true, meta: { title: 'welcome.title', open: true } },
  { path: '/system', component: () => import('./system/SystemPage.vue'), meta: { desk: true, title: 'system.title', for: (me) => me.type === 'administrator' } },
  { path: '/rules/:camera?', component: () => import('./rules/RulesPage.vue'), props: true, meta: { desk: true, title: 'rules.title', for: isRuler } },
  { path: '/not-yours', component: () => import('./signin/NotYoursPage.vue'), meta: { title: 'not_yours.title' } },
  { path: '/report', component: () => import('./signin/ReportPage.vue'), meta: { title: 'reports.title', open: true } },
  { path: '/:rest(.*)*', component: () => import('./signin/NotFoundPage.vue'), meta: { title: 'not_found.title', open: true } },
]

export const router = createRouter({
  history: createWebHistory(), routes,
  // A page begins at its top, and the one gone back to is where it was left.
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
})

router.beforeEach(async (to, from) => {
  try {
    await whoAmI()
  } catch {
    // The server does not answer: the sign-in page says so and tries again.
    return to.path === '/sign-in' ? true : { path: '/sign-in', query: { to: to.fullPath } }
  }
  const me = session.me
  if (!me) return to.meta.open ? true : { path: '/sign-in', query: { to: to.fullPath } }
  if (me.must_change_password && to.path !== '/password') return '/password'
  if (to.path === '/sign-in') return home()
  // Who just signed in goes where they belong; who typed or followed an address is told.
  if (to.meta.for && !to.meta.for(me)) return from.path === '/sign-in' ? home() : { path: '/not-yours', query: { to: to.fullPath } }
  return true
})

// The desks' texts come beside their page's code and before it is shown.
router.beforeResolve(async (to) => {
  if (to.meta.desk) await wantDesk()
})
