/** Long press or a swipe to the left on a row; the click that ends it is swallowed. A tap stays a tap, scrolling stays scrolling. */
const LONG_PRESS_MS = 450
const SWIPE_PX = 56
const STILL_PX = 10

export function usePress(onPress: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let startX = 0
  let startY = 0
  let fired = false

  function fire(): void {
    clearTimeout(timer)
    fired = true
    navigator.vibrate?.(15)
    onPress()
  }

  return {
    pointerdown(event: PointerEvent): void {
      if (event.button !== 0) return
      fired = false
      startX = event.clientX
      startY = event.clientY
      clearTimeout(timer)
      timer = setTimeout(fire, LONG_PRESS_MS)
    },
    pointermove(event: PointerEvent): void {
      const dx = event.clientX - startX
      const dy = event.clientY - startY
      if (Math.abs(dx) > STILL_PX || Math.abs(dy) > STILL_PX) clearTimeout(timer)
      if (!fired && event.buttons && dx < -SWIPE_PX && Math.abs(dy) < SWIPE_PX / 2) fire()
    },
    pointerup: () => clearTimeout(timer),
    pointercancel: () => clearTimeout(timer),
    contextmenu: (event: Event) => event.preventDefault(),
    click(event: MouseEvent): void {
      if (!fired) return
      fired = false
      event.preventDefault()
      event.stopPropagation()
    },
  }
}
