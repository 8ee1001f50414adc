/** A short word that goes by itself. Vant's toast, loaded when first needed. */
export async function say(message: string): Promise<void> {
  const [{ showToast }] = await Promise.all([import('vant/es/toast'), import('vant/es/toast/style/index')])
  showToast({ message, wordBreak: 'break-word', duration: 2200, position: 'bottom' })
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
