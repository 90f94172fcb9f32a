import { languages, loadLanguage } from '../src/i18n'

// In the tests a change of language is at once.
for (const tag of languages) await loadLanguage(tag)
