import type { Look } from '../../api/types'
import { checkLook, openCheck } from '../../log/service'
import { Fault, type FaultCode, type LogCheck } from '../../log/verify'

/** What the phone found out by itself about one look, or that it could not. */
export type Checked =
  | { state: 'checking' }
  | { state: 'checked'; witnesses: number; size: number }
  /** Logged, and the log's published head is a little behind. */
  | { state: 'soon' }
  | { state: 'wrong'; code: FaultCode }
  /** The network, or a service that gives no proof: nothing was found out. */
  | { state: 'unknown' }

/** Opens the log's head once, for all looks of a page. */
export const openLog = () => openCheck()

/** Checks one look: its entry is what was logged, it stands in the log, and the page shows no other. */
export async function check(log: Promise<LogCheck>, look: Look): Promise<Checked> {
  try {
    const { checkpoint } = await checkLook(await log, look)
    return { state: 'checked', witnesses: checkpoint.cosignatures.length, size: checkpoint.size }
  } catch (err) {
    if (!(err instanceof Fault)) return { state: 'unknown' }
    return err.code === 'unpublished' ? { state: 'soon' } : { state: 'wrong', code: err.code }
  }
}
