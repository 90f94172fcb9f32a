import { reactive } from 'vue'
import type { LookParams } from '../api/client'

/**
 * The purpose and case that an officer named once; the tab remembers them for
 * the next look and forgets them when it closes.
 */
const key = 'shouwang.purpose'

export const remembered = reactive<LookParams>(read())

function read(): LookParams {
  try {
    const v = JSON.parse(sessionStorage.getItem(key) ?? '{}') as LookParams
    return { purpose: v.purpose, case: v.case, incident: v.incident }
  } catch {
    return {}
  }
}

export function remember(look: LookParams) {
  remembered.purpose = look.purpose
  remembered.case = look.case
  remembered.incident = look.incident
  sessionStorage.setItem(key, JSON.stringify(look))
}
