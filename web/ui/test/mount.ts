import { createApp, h, type Component } from 'vue'
import { i18n } from '../src/i18n'

/** Mounts a component with props that may change, and returns its element. */
export function mount(component: Component, props: () => Record<string, unknown>): HTMLElement {
  const root = document.createElement('div')
  document.body.append(root)
  createApp({ render: () => h(component, props()) }).use(i18n).mount(root)
  return root
}
