import { language } from '../i18n'

/** What people call a thing, in their language. */
export const named = (n: { id: string; name?: string; name_en?: string }) => (language() === 'en' && n.name_en) || n.name || n.id
