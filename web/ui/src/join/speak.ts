import { computed, onUnmounted, ref, watch, type ComputedRef, type Ref } from 'vue'
import { language } from '../i18n'

/** Reads texts aloud with the phone's own voice. */
export interface Speaker {
  /** There is a voice for the page's language; else no button is shown. */
  able: ComputedRef<boolean>
  speaking: Ref<boolean>
  say: (texts: readonly string[]) => void
  stop: () => void
}

/** The voice that fits a language best: the same tag, else the same language. */
export function voiceFor<V extends { lang: string }>(voices: readonly V[], tag: string): V | undefined {
  const plain = (s: string) => s.replace('_', '-').toLowerCase()
  return voices.find((v) => plain(v.lang) === plain(tag)) ?? voices.find((v) => plain(v.lang).split('-')[0] === plain(tag).split('-')[0])
}

// Old ears: a little slower than the voice would by itself.
const rate = 0.9

/** The speaker of a component; it falls silent when the component goes or the language changes. */
export function useSpeaker(): Speaker {
  const synth = 'speechSynthesis' in window ? window.speechSynthesis : undefined
  const voices = ref(synth?.getVoices() ?? [])
  const speaking = ref(false)
  const heard = () => void (voices.value = synth?.getVoices() ?? [])
  synth?.addEventListener?.('voiceschanged', heard)
  const voice = computed(() => voiceFor(voices.value, language()))

  function stop() {
    speaking.value = false
    synth?.cancel()
  }
  function say(texts: readonly string[]) {
    const v = voice.value
    if (!synth || !v) return
    synth.cancel()
    speaking.value = true
    // One utterance a sentence group: some phones cut long ones off.
    texts.forEach((text, i) => {
      const u = new SpeechSynthesisUtterance(text)
      u.voice = v
      u.lang = v.lang
      u.rate = rate
      if (i === texts.length - 1) u.onend = () => (speaking.value = false)
      u.onerror = () => (speaking.value = false)
      synth.speak(u)
    })
  }
  watch(language, stop)
  onUnmounted(() => {
    synth?.removeEventListener?.('voiceschanged', heard)
    stop()
  })
  return { able: computed(() => !!voice.value), speaking, say, stop }
}
