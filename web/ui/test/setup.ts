import { languages, loadLanguage, wantDesk } from '../src/i18n'

// In the tests a change of language is at once.
await wantDesk()
for (const tag of languages) await loadLanguage(tag)
