// What this visitor meant and what the network read: kept in the browser alone.
import { h, replace } from "../base/dom";
import { count, percent, t } from "../base/text";
import { confusionTable } from "../network/confusion";
import { cellsOf, countsOfCells } from "../network/many_classes";

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
    localStorage.setItem(this.key, JSON.stringify({ cells: cellsOf(this.counts) }));
    this.draw();
  }

  private read(): number[][] {
    const size = this.names.length;
    try {
      const stored = JSON.parse(localStorage.getItem(this.key) ?? "{}");
      return countsOfCells(Array.isArray(stored) ? cellsOf(stored) : stored.cells, size);  // earlier pages kept whole rows
    } catch {
      return countsOfCells([], size);  // somebody else's entry, or cut off
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
