import { ref } from 'vue'

const SHOWN_MS = 2600

/** What is being said just now; shown by SayBar.vue. */
export const saying = ref('')
let timer: ReturnType<typeof setTimeout> | undefined

/** A short word that goes by itself. */
export function say(message: string): void {
  saying.value = message
  clearTimeout(timer)
  timer = setTimeout(() => (saying.value = ''), SHOWN_MS)
}

/** A question with two answers; true when the first was chosen. */
export async function ask(options: { title: string; message: string; confirm: string; cancel: string }): Promise<boolean> {
  const [{ showConfirmDialog }] = await Promise.all([import('vant/es/dialog'), import('vant/es/dialog/style/index')])
  return showConfirmDialog({
    title: options.title,
    message: options.message,
    confirmButtonText: options.confirm,
    cancelButtonText: options.cancel,
    messageAlign: 'left',
  }).then(
    () => true,
    () => false,
  )
}
