/** Reads QR codes from the camera at the back of the phone. Needs a secure context and the user's leave. */
import decodeQR from 'qr/decode.js'

/** Looks at this many pictures a second: enough for codes that change once a second, and easy on an old phone. */
const EVERY_MS = 160
const WIDTH = 720

/** Calls `onCode` for every code it sees, until the returned function is called. Throws where there is no camera. */
export async function watchCodes(video: HTMLVideoElement, onCode: (text: string) => void): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: WIDTH } } })
  video.srcObject = stream
  await video.play()
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const timer = setInterval(() => {
    if (!video.videoWidth) return
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    context.drawImage(video, 0, 0)
    try {
      onCode(decodeQR(context.getImageData(0, 0, canvas.width, canvas.height)))
    } catch {
      // No code in this picture.
    }
  }, EVERY_MS)
  return () => {
    clearInterval(timer)
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
}
