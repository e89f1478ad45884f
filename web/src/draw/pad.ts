// A sheet to draw on with mouse, finger or pen.
import { h } from "../base/dom";
import { t } from "../base/text";

const SIZE = 280;
const PEN = 22;
const PAPER = "#ffffff";
const INK = "#16181c";

export class Pad {
  readonly canvas = h("canvas", { class: "pad", width: SIZE, height: SIZE, role: "img", "aria-label": t("padLabel") });
  private readonly context = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private last: { x: number; y: number } | undefined;
  empty = true;

  // `changed` is called while somebody draws.
  constructor(private readonly changed: () => void) {
    this.clear();
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => (this.last = undefined));
  }

  clear(): void {
    this.context.fillStyle = PAPER;
    this.context.fillRect(0, 0, SIZE, SIZE);
    this.empty = true;
  }

  // Shows a picture instead, as large as it fits.
  show(picture: CanvasImageSource & { width: number; height: number }): void {
    this.clear();
    const scale = Math.min(SIZE / picture.width, SIZE / picture.height);
    this.context.drawImage(picture, (SIZE - picture.width * scale) / 2, (SIZE - picture.height * scale) / 2, picture.width * scale, picture.height * scale);
    this.empty = false;
  }

  private place(event: PointerEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * SIZE) / box.width, y: ((event.clientY - box.top) * SIZE) / box.height };
  }

  private begin(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.line(this.last);
  }

  private move(event: PointerEvent): void {
    if (!this.last) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) this.line(this.place(step));
  }

  private line(to: { x: number; y: number }): void {
    const from = this.last ?? to;
    Object.assign(this.context, { strokeStyle: INK, lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    this.context.beginPath();
    this.context.moveTo(from.x, from.y);
    this.context.lineTo(to.x + 0.01, to.y);
    this.context.stroke();
    this.last = to;
    this.empty = false;
    this.changed();
  }
}
