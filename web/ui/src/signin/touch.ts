const stored = 'shouwang.touch'

/** Whether this page, in this browser, can be signed in to by touch; origin is where the service says it works, empty for nowhere. */
export const canTouch = (origin: string | undefined) => Boolean(origin) && origin === location.origin && 'PublicKeyCredential' in window

/** Whether somebody signs in by touch in this browser, so that the button comes first. It is no secret and opens nothing. */
export const touchIsUsual = () => 'PublicKeyCredential' in window && localStorage.getItem(stored) === '1'

/** Notes that somebody does, or that nobody does any more. */
export function rememberTouch(does: boolean) {
  if (does) localStorage.setItem(stored, '1')
  else localStorage.removeItem(stored)
}

export const isPhone = () => /iPhone|iPad|Android/.test(navigator.userAgent)
