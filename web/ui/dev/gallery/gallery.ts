import { createApp, h } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, loadLanguage, setLanguage, wantDesk, type Language } from '../../src/i18n'
import '../../src/ui/base.css'
import Gallery from './Gallery.vue'

// ?language=en shows the pieces in English.
const tag = (new URLSearchParams(location.search).get('language') ?? 'zh-CN') as Language
await wantDesk()
await loadLanguage(tag)
void setLanguage(tag)
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
createApp({ render: () => h(Gallery) }).use(i18n).use(router).mount('#app')
