// Words and numbers as a French reader expects them, and what differs between recipes.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.localStorage = { getItem: () => "fr", setItem: () => undefined };
const { fixed, percent, significant, t } = await import("../../../web/src/base/text");
const { texts } = await import("../../../web/src/texts/texts");
const { differences } = await import("../../../web/src/pages/differences");

test("no line begins with a sign that belongs to the word before it", () => {
  for (const key of Object.keys(texts)) assert.doesNotMatch(t(key), / [:;?!»]|« /, key);
  assert.equal(t("cancelQuestion", { job: "a : b" }), "Annuler a : b\u00a0?");  // names stay as they are
});

test("numbers have a minus sign, and no space that a line may break at", () => {
  assert.deepEqual([fixed(-1234.5, 2), significant(-0.06613), percent(0.5, 1)], ["\u22121\u00a0234,50", "\u22120,06613", "50,0\u00a0%"]);
});

const job = (...layers) => ({ recipe: { epochs: 5, model: { layers } }, setup: { dataKind: "mnist" } });
const conv = (name, filters) => ({ name, conv2d: { filters } });
const dense = { name: "output", dense: { units: 10 } };

test("one layer more does not make those behind it differ", () => {
  assert.deepEqual(differences([job(conv("a", 1), dense), job(conv("a", 1), conv("b", 2), dense)]),
    [["layers", ["2", "3"]], ["b: conv2d.filters", ["–", "2"]]]);
});

test("another order of the same layers is a difference", () => {
  const [one, other] = [conv("a", 1), conv("b", 1)];
  assert.deepEqual(differences([job(one, other), job(other, one)]), [["layers", ["a, b", "b, a"]]]);
  assert.deepEqual(differences([job(one), job(one)]), []);
});
