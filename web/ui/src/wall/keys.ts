/** The keys that help names, by what they are about; every one of them has an action in WallPage. */
export const groupsOfKeys = {
  screen: ['arrows', 'move', 'enter', 'escape', 'pages', 'view', 'pictures', 'again', 'full', 'sound', 'layout', 'question'],
  events: ['next', 'previous', 'seen', 'false', 'incident', 'assign', 'case', 'play'],
  calls: ['answer', 'help', 'end', 'record'],
} as const

type Action =
  | 'enter' | 'escape' | 'pageDown' | 'pageUp' | 'view' | 'pictures' | 'again' | 'full' | 'sound' | 'layout' | 'question'
  | 'next' | 'previous' | 'seen' | 'false' | 'incident' | 'assign' | 'case' | 'play' | 'answer' | 'help' | 'end' | 'record'

/** Which action a key starts; letters whether or not Shift or Caps Lock is on. */
export const keys: Record<string, Action> = {
  Enter: 'enter', Escape: 'escape', PageDown: 'pageDown', PageUp: 'pageUp', v: 'view', o: 'pictures', r: 'again', f: 'full', m: 'sound', l: 'layout', '?': 'question',
  j: 'next', k: 'previous', s: 'seen', x: 'false', i: 'incident', g: 'assign', c: 'case', p: 'play',
  a: 'answer', h: 'help', e: 'end', n: 'record',
}

/** What a wall without a keyboard's owner, a kiosk, may do: nothing that changes anything. */
export const kioskActions: ReadonlySet<Action> = new Set<Action>(['enter', 'escape', 'pageDown', 'pageUp', 'view', 'pictures', 'again', 'full', 'sound', 'question'])

export function actionOf(e: KeyboardEvent, kiosk: boolean): Action | undefined {
  if (e.ctrlKey || e.metaKey || e.altKey) return undefined
  const action = keys[e.key] ?? keys[e.key.length === 1 ? e.key.toLowerCase() : e.key]
  return action && kiosk && !kioskActions.has(action) ? undefined : action
}
