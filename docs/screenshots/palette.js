// Reduce a picture to at most 256 colours: exactly when it has no more, else by median cut weighted by how often each occurs.
// Runs in the browser that took the picture. In: base64 PNG. Out: {width, height, palette: [r, g, b, …], pixels: base64 of one
// palette index per pixel, row by row}.
async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);

  const counts = new Map();
  for (const colour of data) counts.set(colour, (counts.get(colour) || 0) + 1);
  const channel = (colour, at) => (colour >>> (8 * at)) & 255;
  // The square root keeps large plain areas from taking every place in the palette.
  const weight = (colour) => Math.sqrt(counts.get(colour));

  const measure = (colours) => {
    let best = { at: 0, span: -1 };
    for (const at of [0, 1, 2]) {
      let low = 255;
      let high = 0;
      for (const colour of colours) {
        low = Math.min(low, channel(colour, at));
        high = Math.max(high, channel(colour, at));
      }
      if (high - low > best.span) best = { at, span: high - low };
    }
    const mass = colours.reduce((sum, colour) => sum + weight(colour), 0);
    return { colours, ...best, score: best.span * mass };
  };
  const boxes = [measure([...counts.keys()])];
  while (boxes.length < 256) {
    boxes.sort((a, b) => b.score - a.score);
    if (boxes[0].colours.length < 2 || boxes[0].span === 0) break;
    const { colours, at } = boxes.shift();
    colours.sort((a, b) => channel(a, at) - channel(b, at));
    const half = colours.reduce((sum, colour) => sum + weight(colour), 0) / 2;
    let cut = 0;
    for (let sum = 0; cut < colours.length - 1 && sum < half; cut += 1) sum += weight(colours[cut]);
    boxes.push(measure(colours.slice(0, Math.max(1, cut))), measure(colours.slice(Math.max(1, cut))));
  }

  const palette = [];
  const index = new Map();
  boxes.forEach(({ colours }, place) => {
    // The most frequent colour stands for its box: backgrounds and text keep their exact values.
    const chief = colours.reduce((best, colour) => (counts.get(colour) > counts.get(best) ? colour : best));
    palette.push(channel(chief, 0), channel(chief, 1), channel(chief, 2));
    for (const colour of colours) index.set(colour, place);
  });
  const pixels = Uint8Array.from(data, (colour) => index.get(colour));
  let text = "";
  for (let from = 0; from < pixels.length; from += 32768) text += String.fromCharCode(...pixels.subarray(from, from + 32768));
  return { width: image.width, height: image.height, palette, pixels: btoa(text) };
}
