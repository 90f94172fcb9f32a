import { computed, ref, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type { Area } from './shape'

/** The areas being drawn, with a way back. */
export interface Drawing {
  areas: ShallowRef<Area[]>
  canUndo: ComputedRef<boolean>
  /** Shows areas without remembering them: a point on its way. */
  show: (next: Area[]) => void
  /** Remembers what was before and shows what is now. */
  commit: (next: Area[]) => void
  undo: () => void
  /** Starts over from areas that are saved. */
  reset: (saved: Area[]) => void
}

const steps = 50

export function useDrawing(saved: Area[] = []): Drawing {
  const areas = shallowRef<Area[]>(saved)
  const past = ref<Area[][]>([])
  let settled = saved
  return {
    areas,
    canUndo: computed(() => past.value.length > 0),
    show: (next) => void (areas.value = next),
    commit(next) {
      if (JSON.stringify(next) === JSON.stringify(settled)) return void (areas.value = settled)
      past.value = [...past.value, settled].slice(-steps)
      settled = areas.value = next
    },
    undo() {
      const last = past.value[past.value.length - 1]
      if (!last) return
      past.value = past.value.slice(0, -1)
      settled = areas.value = last
    },
    reset(next) {
      past.value = []
      settled = areas.value = next
    },
  }
}
