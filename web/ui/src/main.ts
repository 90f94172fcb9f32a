import { createApp } from 'vue'
import App from './App.vue'
import { i18n, language, loadLanguage, wantDesk } from './i18n'
import { router } from './router'
import { whoAmI } from './session'
import './ui/base.css'

/** Begins at once what the first page will wait for: who is signed in, and the page's own code. */
function warm() {
  whoAmI().catch(() => {}) // the router asks again and says what is wrong
  const there = router.resolve(location.pathname)
  if (there.meta.desk) wantDesk().catch(() => {})
  for (const record of there.matched) {
    const page = record.components?.default
    if (typeof page === 'function') void (page as () => Promise<unknown>)().catch(() => {})
  }
}

const again = 2000
/** The texts are as needed as this file: they are asked for until they come. */
async function texts(): Promise<void> {
  await loadLanguage(language()).catch(() => new Promise((r) => setTimeout(r, again)).then(texts))
}

warm()
await texts()
createApp(App).use(i18n).use(router).mount('#app')
