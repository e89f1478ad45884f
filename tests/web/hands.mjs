// What a reader does on the page with a mouse, and what axe-core finds there.

// Draws strokes, each a list of places from 0 to 1 across and down the sheet.
export async function draw(page, ...strokes) {
  const pad = page.locator(".pad");
  await pad.waitFor();
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  for (const [first, ...rest] of strokes) {
    const at = ([x, y]) => [box.x + box.width * x, box.y + box.height * y];
    await page.mouse.move(...at(first));
    await page.mouse.down();
    for (const place of rest) await page.mouse.move(...at(place), { steps: 8 });
    await page.mouse.up();
  }
}

// Clicks a place in the picture of a layer's maps.
export async function choosePixel(page, maps, { map, y, x }) {
  const picture = page.locator(`[data-layer=${maps.layer}] canvas`);
  const box = await picture.boundingBox();
  const columns = Math.min(16, maps.channels);
  const rows = Math.ceil(maps.channels / columns);
  await picture.click({ position: { x: (box.width * ((map % columns) + (x + 0.5) / maps.width)) / columns,
    y: (box.height * (Math.floor(map / columns) + (y + 0.5) / maps.height)) / rows } });
}

export const SEVEN = [[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]];

// `axe` is the source of axe-core.
export async function axeFinds(page, axe) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.any[0]?.message ?? ""}`).slice(0, 3).join(" | ")}`);
}
