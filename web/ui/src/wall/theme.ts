import { onUnmounted, watch, type Ref } from 'vue'

/** Dresses the page for the room: the wall hangs in a dim one unless its layout says otherwise. */
export function useTheme(theme: Ref<string>) {
  const root = document.documentElement.classList
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const night = theme.value === 'night' || (theme.value === 'auto' && dark.matches)
    root.toggle('night', night)
    root.toggle('day', !night)
  }
  watch(theme, apply, { immediate: true })
  dark.addEventListener('change', apply)
  onUnmounted(() => {
    dark.removeEventListener('change', apply)
    root.remove('night', 'day')
  })
}
