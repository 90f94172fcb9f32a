import { json } from './client'
import type { Notice } from './types'

/** The notices that owners can be shown, oldest first. */
export const notices = async () => (await json<{ notices: Notice[] | null }>('GET', '/api/notices')).notices ?? []
