import type { Me } from '../api/types'

export interface Room {
  to: string
  name: string
  /** Any of these roles; without it every officer. */
  roles?: string[]
}

const rooms: Room[] = [
  { to: '/office/complaints', name: 'complaints.title', roles: ['oversight'] },
  { to: '/office/people', name: 'people.office', roles: ['oversight'] },
  { to: '/office/machine', name: 'machine.title', roles: ['oversight'] },
  { to: '/office/deferrals', name: 'deferrals.title', roles: ['approver'] },
  { to: '/office/views', name: 'views.title' },
  { to: '/office/invitations', name: 'invitations.title' },
]

/** The office's pages for somebody: those of their roles first. */
export function roomsFor(me: Me | undefined): Room[] {
  if (me?.type !== 'officer') return []
  return rooms.filter((r) => !r.roles || r.roles.some((x) => (me.roles as string[] | null)?.includes(x)))
}
