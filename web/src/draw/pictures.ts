// Pictures as the coordinator takes them: pixels, since the browser knows every format of a picture.
import type { ImageShape, RawImage } from "../api/api";

const LARGEST = 640;

function pixelsOf(source: CanvasImageSource, width: number, height: number): Uint8ClampedArray {
  const scratch = document.createElement("canvas");
  Object.assign(scratch, { width, height });
  const context = scratch.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function toChannels(rgba: Uint8ClampedArray, width: number, height: number, channels: 1 | 3): RawImage {
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; ++i) {
    const [r, g, b] = [rgba[i * 4]!, rgba[i * 4 + 1]!, rgba[i * 4 + 2]!];
    if (channels === 3) pixels.set([r, g, b], i * 3);
    else pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return { width, height, channels, pixels };
}

// Networks of grey images get the picture as it is, and the coordinator cuts out the digit; others are given their shape.
export function rawImage(source: HTMLCanvasElement | ImageBitmap, input: ImageShape | undefined, largest = LARGEST): RawImage {
  if ((input?.channels ?? 1) > 1) {
    return toChannels(pixelsOf(source, input!.width, input!.height), input!.width, input!.height, 3);
  }
  const scale = Math.min(1, largest / Math.max(source.width, source.height));
  const [width, height] = [Math.max(1, Math.round(source.width * scale)), Math.max(1, Math.round(source.height * scale))];
  return toChannels(pixelsOf(source, width, height), width, height, 1);
}

// Numbers from 0 to 1 that a seed decides (mulberry32), so that the noise stands still while its strength is moved.
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Adds Gaussian noise of this standard deviation (black 0, white 1) and cuts to [0, 1].
export function withNoise(image: RawImage, level: number, seed = 1): RawImage {
  const random = generator(seed);
  const pixels = image.pixels.map((pixel) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.round(Math.min(255, Math.max(0, pixel + 255 * level * normal)));
  });
  return { ...image, pixels };
}
