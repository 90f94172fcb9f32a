import { computed, onBeforeUnmount, onMounted, ref, shallowRef, type Ref } from 'vue'
import { staleMs } from './frames'
import { LivePlayer } from './player'

export { staleMs }

/**
 * A live view in a component's video, for as long as the component is there.
 * `begin` starts it once it can be. `shown` says whether what is on the screen
 * is live: a picture that stands still is none, and is to be covered.
 */
export function useLive(video: Readonly<Ref<HTMLVideoElement | null>>, camera: string, begin: (player: LivePlayer) => unknown) {
  const player = shallowRef<LivePlayer>()
  const now = ref(Date.now())
  let timer = 0
  const state = computed(() => player.value?.state)
  const shown = computed(() => state.value?.phase === 'playing' && now.value - state.value.lastFrame <= staleMs)
  onMounted(() => {
    timer = window.setInterval(() => (now.value = Date.now()), 500)
    player.value = new LivePlayer(video.value!, camera)
    void begin(player.value)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    player.value?.stop()
  })
  return { player, state, now, shown }
}
