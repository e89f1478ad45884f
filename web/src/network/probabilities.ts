// The probability of each class as a bar; the surest stands out. Of many classes the likeliest ones, the surest first.
import { h, setText } from "../base/dom";
import { percent, t } from "../base/text";
import { largest } from "./many_classes";

const MOST_ROWS = 30;  // classes that have a row each
const LIKELIEST = 12;

// No decimal where it would say nothing.
const sureness = (part: number) => percent(part, part > 0.0005 && part < 0.9995 ? 1 : 0);

export class Probabilities {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "probabilities" });
  private readonly said = h("p", { class: "answer", role: "status" });
  private rows: { row: HTMLElement; name: HTMLElement; bar: HTMLElement; value: HTMLElement }[] = [];
  private names: string[] = [];

  constructor(private readonly waiting: string) {
    this.element = h("div", {}, this.said, this.list);
    setText(this.said, waiting);
  }

  setNames(names: string[]): void {
    this.names = names;
    this.rows = names.slice(0, names.length > MOST_ROWS ? LIKELIEST : MOST_ROWS).map((text) => {
      const name = h("span", { class: "name" }, text);
      const bar = h("span", { class: "bar" });
      const value = h("span", { class: "value" }, "");
      return { name, bar, value, row: h("li", {}, name, h("span", { class: "track" }, bar), value) };
    });
    this.list.replaceChildren(...this.rows.map((one) => one.row));
    this.clear();
  }

  clear(): void {
    setText(this.said, this.waiting);
    this.show(new Float32Array(this.names.length), -1);
  }

  answer(probabilities: Float32Array, label: number): void {
    this.show(probabilities, label);
    setText(this.said, t("readAs", { name: this.names[label] ?? String(label), part: sureness(probabilities[label] ?? 0) }));
  }

  private show(probabilities: Float32Array, label: number): void {
    const all = this.rows.length === this.names.length;
    const shown = all ? [...this.names.keys()] : largest(probabilities, this.rows.length);
    this.rows.forEach(({ row, name, bar, value }, i) => {
      const one = shown[i]!;
      const part = probabilities[one] ?? 0;
      setText(name, all || label >= 0 ? this.names[one]! : "");
      bar.style.width = `${100 * part}%`;
      setText(value, label < 0 ? "" : sureness(part));
      row.classList.toggle("best", one === label);
    });
  }
}
