// How accuracy falls with noise: a curve that is measured point by point, and a slider along it that shows mistakes.
import { h, replace, setText } from "../base/dom";
import { orProblem } from "../base/page";
import { count, fixed, percent, t } from "../base/text";
import { Newest } from "../base/waiting";
import { LineChart, type Point } from "../charts/line_chart";
import { evaluate } from "./evaluation";
import { mistakeGallery } from "./mistakes";

const LEVELS = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
const SHOWN = 12;

export function noiseCurve(model: string, version: string, names: string[], signal: AbortSignal): HTMLElement {
  const chart = new LineChart({ title: t("accuracyByNoise"), xLabel: t("noise"), formatX: (x) => fixed(x, 2), formatY: (y) => percent(y, 1),
    xDomain: () => [0, 0.5], yDomain: (series) => [Math.min(0.5, ...series.flatMap((one) => one.points.map((point) => point[1]))), 1] });
  const measured = new Map<number, number>();
  const gallery = h("div", {});
  const said = h("output", {});
  const newest = new Newest();
  const measure = async (level: number) => {
    const result = await evaluate(model, version, level, signal);
    measured.set(level, result.accuracy);
    const points: Point[] = [...measured].sort(([a], [b]) => a - b);
    chart.update([{ name: t("accuracy"), colour: 1, markers: true, points }]);
    return result;
  };
  const show = (level: number) => newest.run(() => orProblem(gallery, async () => {
    const result = await measure(level);
    setText(said, t("noiseResult", { level: fixed(level, 2), accuracy: percent(result.accuracy), n: count(result.mistakes.length) }));
    replace(gallery, mistakeGallery(result.mistakes.slice(0, SHOWN), names));
  }));
  const slider = h("input", { type: "range", min: 0, max: 0.5, step: 0.05, value: 0.3, "aria-label": t("noise"),
    onchange: (event: globalThis.Event) => show(Number((event.target as HTMLInputElement).value)) });
  void (async () => {
    try {
      for (const level of LEVELS) if (!signal.aborted) await measure(level);
    } catch {
      return;  // the slider's own measurement says what is wrong
    }
  })();
  show(0.3);
  return h("div", {}, chart.element, h("div", { class: "slider" }, h("span", {}, t("noise")), slider), said, gallery);
}
