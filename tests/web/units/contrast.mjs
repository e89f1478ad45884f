// Every colour that text stands on, in both themes: a contrast of 4.5 at least (WCAG AA); of curves 3.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contrast, textOn } from "../../../web/src/charts/contrast";
import { diverging, viridis } from "../../../web/src/charts/pixels";

const css = readFileSync("../../../web/style/base.css", "utf8");  // node runs in this folder
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const NAMED = { "#000": [0, 0, 0], "#fff": [255, 255, 255] };

// The colours of the block behind `selector`.
function colours(selector) {
  const block = css.slice(css.indexOf("{", css.indexOf(selector)), css.indexOf("}", css.indexOf(selector)));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, rgb(value)]));
}

const themes = { light: colours(":root {"), dark: colours(':root[data-theme="dark"] {') };
const mix = (from, to, part) => from.map((value, i) => Math.round(value + (to[i] - value) * part));

function expectReadable(text, ground, what, least = 4.5) {
  const found = contrast(text, ground);
  assert.ok(found >= least, `${what}: ${found.toFixed(2)}, not ${least}`);
}

test("the contrast is WCAG's", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([255, 0, 0], [255, 0, 0]), 1);
  assert.ok(Math.abs(contrast(rgb("#767676"), rgb("#ffffff")) - 4.54) < 0.005);
});

test("dark is the same whether the system or the reader wants it", () => {
  assert.deepEqual(colours(':root:not([data-theme="light"]) {'), themes.dark);
  assert.deepEqual([...themes.light.keys()], [...themes.dark.keys()]);
  assert.ok(themes.light.size > 20);
});

for (const [name, theme] of Object.entries(themes)) {
  const of = (colour) => theme.get(colour) ?? assert.fail(`no ${colour}`);

  test(`every shade of a cell can be read, ${name}`, () => {
    for (const shade of ["most-right", "most-wrong"]) {
      for (let percent = 0; percent <= 100; ++percent) {
        expectReadable(of("ink"), mix(of("sunken"), of(shade), percent / 100), `${shade} at ${percent}%`);
      }
    }
  });

  test(`text can be read on its ground, ${name}`, () => {
    const grounds = { ink: ["ground", "card", "sunken", "accent-soft"], muted: ["ground", "card", "sunken", "accent-soft"],
      accent: ["ground", "card", "sunken", "accent-soft"], "on-accent": ["accent"], good: ["good-soft"], warn: ["warn-soft", "card"], bad: ["bad-soft"], card: ["bad"] };
    for (const [text, all] of Object.entries(grounds)) for (const ground of all) expectReadable(of(text), of(ground), `${text} on ${ground}`);
  });

  test(`curves and bars stand out, ${name}`, () => {
    for (let i = 1; i <= 8; ++i) expectReadable(of(`s${i}`), of("card"), `s${i}`, 3);
    expectReadable(of("line-strong"), of("card"), "borders of what can be used", 3);
  });
}

test("numbers can be read on every colour of a window, a filter and their products", () => {
  for (const colour of [viridis, diverging]) {
    for (let part = -1; part <= 1; part += 1 / 256) expectReadable(NAMED[textOn(colour(part))], colour(part).map(Math.round), `${colour.name} at ${part}`);
  }
  for (let grey = 0; grey < 256; ++grey) expectReadable(NAMED[textOn([grey, grey, grey])], [grey, grey, grey], `grey ${grey}`);
});
