// The probability of each class as a bar; the surest stands out.
import { h, setText } from "../base/dom";
import { percent, t } from "../base/text";

// No decimal where it would say nothing.
const sureness = (part: number) => percent(part, part > 0.0005 && part < 0.9995 ? 1 : 0);

export class Probabilities {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "probabilities" });
  private readonly said = h("p", { class: "answer", role: "status" });
  private rows: { row: HTMLElement; bar: HTMLElement; value: HTMLElement }[] = [];
  private names: string[] = [];

  constructor(private readonly waiting: string) {
    this.element = h("div", {}, this.said, this.list);
    setText(this.said, waiting);
  }

  setNames(names: string[]): void {
    this.names = names;
    this.rows = names.map((name) => {
      const bar = h("span", { class: "bar" });
      const value = h("span", { class: "value" }, "");
      return { bar, value, row: h("li", {}, h("span", { class: "name" }, name), h("span", { class: "track" }, bar), value) };
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
    this.rows.forEach(({ row, bar, value }, i) => {
      const part = probabilities[i] ?? 0;
      bar.style.width = `${100 * part}%`;
      setText(value, label < 0 ? "" : sureness(part));
      row.classList.toggle("best", i === label);
    });
  }
}
