// What this visitor meant and what the network read: kept in the browser alone.
import { h, replace } from "../base/dom";
import { count, percent, t } from "../base/text";
import { confusionTable } from "../network/confusion";

const PREFIX = "convoy.tally.";

export class Tally {
  readonly element = h("div", { class: "tally" });
  private counts: number[][] = [];
  private key = "";
  private names: string[] = [];

  show(model: string, names: string[]): void {
    this.names = names;
    this.key = PREFIX + model;
    this.counts = this.read();
    this.draw();
  }

  add(meant: number, predicted: number): void {
    ++this.counts[meant]![predicted]!;
    localStorage.setItem(this.key, JSON.stringify(this.counts));
    this.draw();
  }

  private read(): number[][] {
    const size = this.names.length;
    const fresh = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    try {
      const stored = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return fresh.map((row, i) => row.map((_, j) => Number(stored[i]?.[j]) || 0));
    } catch {
      return fresh;  // somebody else's entry, or cut off
    }
  }

  private draw(): void {
    const drawn = this.counts.flat().reduce((sum, one) => sum + one, 0);
    const right = this.counts.reduce((sum, row, i) => sum + row[i]!, 0);
    if (drawn === 0) return replace(this.element, h("p", { class: "muted" }, t("tallyEmpty")));
    replace(this.element, h("p", {}, t("tallyResult", { right: count(right), drawn: count(drawn), part: percent(right / drawn, 0) })),
      confusionTable({ counts: this.counts, names: this.names }),
      h("button", { type: "button", class: "quiet", onclick: () => (localStorage.removeItem(this.key), this.show(this.key.slice(PREFIX.length), this.names)) }, t("tallyReset")));
  }
}
