import { computed, onMounted, onUnmounted, ref, type ComputedRef } from 'vue'
import { api } from '../api/client'
import { stream } from '../api/stream'
import type { MyCamera } from '../api/types'
import { useLoad, type Loaded } from '../ui/load'

/** One's cameras, read again whenever the service says that something changed. */
export function useMine(): Loaded<MyCamera[]> & { now: ReturnType<typeof ref<Date>> } {
  const mine = useLoad(() => api.myCameras())
  const now = ref(new Date())
  const offs: (() => void)[] = []
  onMounted(() => {
    // A pause that ends by itself and an hour that begins show without a touch.
    const timer = setInterval(() => (now.value = new Date()), 15_000)
    const again = () => void mine.load()
    offs.push(stream.on('missed', again), stream.on('consent', again), stream.on('up', again), () => clearInterval(timer))
  })
  onUnmounted(() => offs.forEach((off) => off()))
  return { ...mine, now }
}

/** One of one's cameras by its id; undefined while unknown. */
export function useMyCamera(id: string): Loaded<MyCamera[]> & { one: ComputedRef<MyCamera | undefined>; now: ReturnType<typeof ref<Date>> } {
  const mine = useMine()
  return { ...mine, one: computed(() => mine.data.value?.find((m) => m.camera.id === id)) }
}
