// The page as its readers use it.
//
//     page_test.mjs FOLDER     where tests/node/node_packages.py installed playwright-core, axe-core and connect-web
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { axeFinds, choosePixel, draw, SEVEN } from "./hands.mjs";
import { chromiumPath, Coordinator, data, PATIENCE, until, Watched, writePictures } from "./servers.mjs";

const folder = resolve(process.argv[2]);
const require = createRequire(join(folder, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const executablePath = chromiumPath();
const EVIL = "evil<img src=x onerror=alert(1)>";

let coordinator;
let browser;
const opened = [];
const contexts = [];  // of the test that runs

async function open(route, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-US", ...options });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(1000 * PATIENCE);
  const watched = new Watched(page, coordinator.origin);
  opened.push(watched);
  page.watched = watched;
  await page.goto(`${coordinator.origin}/${route}`);
  return page;
}

before(async () => {
  coordinator = await Coordinator.create();
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  coordinator?.stop();
});

test("an empty coordinator says what to type", async () => {
  const page = await open("");
  await page.getByText("Nothing was trained yet").waitFor();
  assert.equal(await page.locator(".command code").innerText(), `mpirun -np 2 trainer --coordinator 127.0.0.1:${coordinator.port}`);
});

test("curves move while mpirun trains, and the end is shown", async () => {
  const list = await open("#/jobs");
  const letGo = coordinator.hold(120);
  const ended = coordinator.train("lesson", 2, "--epochs", "2");
  await list.getByRole("link", { name: "lesson", exact: true }).click();
  const line = list.locator(".series.faint > path").first();
  const first = await until("the curve begins", async () => (await line.count()) && (await line.getAttribute("d")));
  letGo();
  await until("the curve moves", async () => (await line.getAttribute("d")).length > first.length);
  assert.equal(await ended, 0);
  await list.locator(".pill.good").first().waitFor();
  const { metrics } = await coordinator.call("JobService/GetJob", { name: "jobs/lesson" });
  const accuracy = metrics.find((one) => one.name === "test_accuracy").value;
  await list.getByText(`${(100 * accuracy).toFixed(2)}%`, { exact: true }).first().waitFor();
});

test("a confusion matrix has the coordinator's numbers, and a cell opens its images", async () => {
  const page = await open("#/job/lesson");
  await page.locator(".confusion").waitFor();
  const shown = await page.locator(".confusion tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll(".cell")].map((cell) => Number(cell.textContent.replace(/[^0-9]/g, "")))));
  const { confusionMatrix } = await coordinator.call("ModelService/EvaluateModel", { name: "models/lesson" });
  assert.deepEqual(shown, confusionMatrix.map((row) => row.counts.map(Number)));
  const wrong = page.locator(".confusion .wrong button").first();
  const counted = Number(await wrong.innerText());
  await wrong.click();
  const images = page.locator(".cell-images .thumb");
  await until("its images", async () => (await images.count()) === counted);
  // Right ones, too, a page at a time.
  const right = page.locator(".confusion .right button").first();
  const many = Number((await right.innerText()).replace(/[^0-9]/g, ""));
  await right.click();
  await until("a page of them", async () => (await images.count()) === 60);
  await page.getByText(`60 of ${many} images`).waitFor();
  await page.getByRole("button", { name: "More images" }).click();
  await until("the next page", async () => (await images.count()) === 120);
  // A mistake leads to those that are like it.
  const worst = page.locator(".results .thumb .link").first();
  const [label, predicted] = (await worst.textContent()).split(" → ");
  await worst.click();
  await page.locator(".cell-images h3", { hasText: `${label} taken for ${predicted}` }).waitFor();
  await until("its images", async () => (await images.count()) === confusionMatrix[label].counts[predicted] * 1);
});

test("a slider shows filters as they were, from the untrained network to the one of now", async () => {
  const page = await open("#/job/lesson");
  const slider = page.getByLabel("The network at epoch");
  await slider.waitFor();
  const { models } = await coordinator.call("ModelService/ListModelVersions", { parent: "models/lesson" });
  assert.deepEqual([models[0].version, models.at(-1).version], ["0", "2"]);
  const figure = page.locator("figure.figure").filter({ has: page.locator("canvas.atlas") }).first();
  const picture = () => figure.locator("canvas").evaluate((canvas) => canvas.toDataURL());
  const said = page.locator(".epoch-said");
  await until("it says now", async () => (await said.innerText()).startsWith("2, as it is now"));
  const now = await picture();
  await slider.press("Home");
  await until("other filters", async () => (await picture()) !== now);
  assert.equal(await said.innerText(), "0, untrained");
  assert.equal(await slider.getAttribute("aria-valuetext"), "0, untrained");
  const { layers } = await coordinator.call("ModelService/GetFilters", { name: "models/lesson/versions/0" });
  const most = Math.max(...layers[0].values.map(Math.abs)).toFixed(2);
  await figure.getByText(`from −${most} over 0 to ${most}`).waitFor();
  await slider.press("End");
  await until("those of now", async () => (await picture()) === now);
});

test("a drawing is read as it was, layer by layer, at an earlier epoch", async () => {
  const page = await open("#/draw?model=lesson");
  await draw(page, SEVEN);
  await page.getByText(/^7, \d/).waitFor();
  const slider = page.getByLabel("The network at epoch");
  const asked = page.waitForRequest((one) => one.url().endsWith("/GetFeatureMaps"));
  await slider.press("Home");
  await asked;
  const bars = () => page.locator(".probabilities .value").allInnerTexts();
  const prepared = () => page.locator(".prepared canvas").evaluate((canvas) =>
    [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 0));
  const image = { raw: { height: 28, width: 28, channels: 1, pixels: Buffer.from(await prepared()).toString("base64") } };
  const { predictions } = await coordinator.call("ModelService/Predict", { name: "models/lesson/versions/0", preparation: "NONE", images: [image] });
  const expected = predictions[0].probabilities.map((part) => `${(100 * part).toFixed(part > 0.0005 && part < 0.9995 ? 1 : 0)}%`);
  await until("the untrained network's answer", async () => JSON.stringify(await bars()) === JSON.stringify(expected));
  const { layers } = await coordinator.call("ModelService/GetFeatureMaps", { name: "models/lesson/versions/0", preparation: "NONE", image });
  const brightest = Math.max(...layers[0].values);
  const at = layers[0].values.indexOf(brightest);
  const area = layers[0].height * layers[0].width;
  await choosePixel(page, layers[0], { map: Math.floor(at / area), y: Math.floor((at % area) / layers[0].width), x: at % layers[0].width });
  await page.locator(".inspector .equation strong").waitFor();
  await until("its maps and filters", async () => Math.abs(Number(await page.locator(".inspector .equation strong").innerText()) - brightest) < 2e-3);
  await slider.press("End");
  await page.getByText(/^7, \d/).waitFor();
});

test("whoever leaves the slider at its end follows the training", async () => {
  const ended = coordinator.train("followed", 0, "--epochs", "200", "--local-ranks", "1", "--train-limit", "2000");
  const page = await open("#/jobs");
  await page.locator(".job-name a", { hasText: "followed" }).click();
  const said = page.locator(".epoch-said");
  await until("the first epochs", async () => (await said.count()) && /^[0-9]+, as it is now/.test(await said.innerText()));
  const first = parseInt(await said.innerText());
  await until("the next ones", async () => parseInt(await said.innerText()) > first);
  // Whoever looks back stays there.
  await page.getByLabel("The network at epoch").press("Home");
  await until("a later epoch is known", async () => Number(await page.getByLabel("The network at epoch").getAttribute("max")) >= 4);
  assert.equal(await said.innerText(), "0, untrained");
  await page.goto(`${coordinator.origin}/#/jobs`);
  await coordinator.call("JobService/CancelJob", { name: "jobs/followed" });
  assert.equal(await ended, 76);
  await coordinator.call("JobService/DeleteJob", { name: "jobs/followed" });
});

test("a drawn 7 is read as 7, and the maps are those of GetFeatureMaps", async () => {
  const page = await open("#/draw?model=lesson");
  const [request] = await Promise.all([page.waitForRequest((one) => one.url().endsWith("/Predict")), draw(page, SEVEN)]);
  assert.ok(request);
  await page.getByText(/^7, \d/).waitFor();
  await page.locator("[data-layer=pool2] canvas").waitFor();
  const prepared = await until("the picture is the last one", async () => {
    const read = () => page.locator(".prepared canvas").evaluate((canvas) =>
      [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 0));
    const once = await read();
    await page.waitForTimeout(300);
    return JSON.stringify(once) === JSON.stringify(await read()) && once;
  });
  const { layers } = await coordinator.call("ModelService/GetFeatureMaps", { name: "models/lesson", preparation: "NONE",
    image: { raw: { height: 28, width: 28, channels: 1, pixels: Buffer.from(prepared).toString("base64") } } });
  for (const maps of layers) {
    const at = (map, y, x) => (map * maps.height + y) * maps.width + x;
    const place = { map: 3, y: 2, x: 1 };
    await choosePixel(page, maps, place);
    await page.locator(".inspector h3", { hasText: `${maps.layer}, map 4, row 3, column 2` }).waitFor();
    const result = Number(await page.locator(".inspector .equation strong").innerText());
    const expected = maps.values[at(place.map, place.y, place.x)];
    assert.ok(Math.abs(result - expected) <= 2e-3 * Math.max(1, Math.abs(expected)), `${maps.layer}: ${result}, not ${expected}`);
  }
  await page.getByRole("group", { name: "What did you mean?" }).getByRole("button", { name: "7" }).click();
  await page.getByText("1 of 1 drawings read rightly").waitFor();
});

// Before it is a digit it is a dot, a bar, two pieces: nothing that a picture may show.
test("a drawing is read from its first dot on", async () => {
  const page = await open("#/draw?model=lesson");
  const sure = page.getByText(/^\d, \d/);
  for (const strokes of [[[[0.3, 0.3]]], [[[0.1, 0.3], [0.9, 0.3]]], [[[0.1, 0.1], [0.1, 0.4]], [[0.9, 0.6], [0.9, 0.9]]]]) {
    await draw(page, ...strokes);
    await sure.waitFor();
    assert.equal(await page.locator(".problem").count(), 0);
    await page.getByRole("button", { name: "Clear" }).click();
    await sure.waitFor({ state: "hidden" });
  }
});

test("noise changes what the network sees, and two networks read side by side", async () => {
  const page = await open("#/draw?model=lesson&with=lesson");
  await draw(page, SEVEN);
  await until("both read", async () => (await page.locator(".reading .best").count()) === 2);
  const seen = () => page.locator(".prepared canvas").evaluate((canvas) => canvas.toDataURL());
  const before = await seen();
  await page.getByLabel("Noise").fill("0.5");
  await until("it is noisy", async () => (await seen()) !== before);
});

test("the coordinator is killed and comes back, and the page goes on", async () => {
  const page = await open("#/jobs");
  await page.getByRole("link", { name: "lesson", exact: true }).waitFor();
  page.watched.away = true;
  await coordinator.kill();
  await page.locator(".banner:not([hidden])").waitFor();
  await coordinator.start();
  await page.locator(".banner").waitFor({ state: "hidden" });
  page.watched.away = false;
});

// As a server answers that has too many connections, or a proxy before one that is away.
test("an answer that is none of the protocol is waited out", async () => {
  const page = await open("#/lesson?model=lesson");
  page.watched.expected = [/^503 /];
  await page.locator(".questions").waitFor();
  let refused = 0;
  await page.route("**/ListJobs", (route) => (++refused < 3 ? route.fulfill({ status: 503, body: "busy\n" }) : route.continue()));
  await page.goto(`${coordinator.origin}/#/jobs`);
  await page.getByRole("link", { name: "lesson", exact: true }).waitFor();
  assert.ok(refused >= 3);
});

test("where as many watch a job as may, the page asks for it now and then", async () => {
  const page = await open("#/jobs");
  const end = Buffer.from(JSON.stringify({ error: { code: "resource_exhausted", message: "too many" } }));
  const body = Buffer.concat([Buffer.from([2, 0, 0, 0, end.length]), end]);
  await page.route("**/WatchJob", (route) => route.fulfill({ status: 200, contentType: "application/connect+proto", body }));
  const again = page.waitForRequest((one) => one.url().endsWith("/GetJob"));
  await page.goto(`${coordinator.origin}/#/job/lesson`);
  await again;
  await page.locator(".pill.good").first().waitFor();
  assert.equal(await page.locator(".problem").count(), 0);
});

// A stream of WatchJob that says one state of a job, which tests cannot bring about, and then that no more may watch.
function watchOf(job) {
  const { createFileRegistry, fromBinary, fromJson, toBinary } = require("@bufbuild/protobuf");
  const { FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(process.env.CONVOY_API)));
  const schema = registry.getMessage("convoy.v1.WatchJobResponse");
  const wrap = (flags, body) => Buffer.concat([Buffer.from([flags]), Buffer.from(new Uint32Array([body.length]).buffer).reverse(), body]);
  return Buffer.concat([wrap(0, Buffer.from(toBinary(schema, fromJson(schema, { job }, { registry })))), wrap(2, Buffer.from("{}"))]);
}

test("a slow rank is marked until the job starts anew, and every kind of event has its words", async () => {
  const phases = (forward) => ({ data: 0.1, forward, backward: 1, reduce: 0.1, update: 0.1, wait: 1 });
  const job = { name: "jobs/slow", state: "RUNNING", epoch: 1, epochs: 3, step: 10, totalSteps: 100, worldSize: 2, estimatedRemainingDuration: "65s",
    ranks: [0, 1].map((rank) => ({ rank, host: `pc${rank}`, threads: 1, epochPhaseSeconds: phases(1 + rank) })),
    events: [...Array(19).keys()].map((type) => ({ type, severity: "WARNING", message: `event ${type}`, time: "2026-01-01T00:00:00Z" })) };
  const slow = { type: "STRAGGLER", severity: "WARNING", message: "slow", straggler: { rank: 1, host: "pc1", phase: "forward", slowdown: 1.5 } };
  const page = await open("#/jobs");
  page.watched.expected = [/^404 /];  // there is no such job
  let shown = { ...job, events: [...job.events, slow] };
  await page.route("**/WatchJob", (route) => route.fulfill({ status: 200, contentType: "application/connect+proto", body: watchOf(shown) }));
  await page.goto(`${coordinator.origin}/#/job/slow`);
  await page.locator(".straggler").getByText("1.5 times slower: forward").waitFor();
  assert.equal(await page.locator(".straggler th").innerText(), "1");
  await page.locator(".tile", { hasText: "Time left" }).getByText("1 min 5 s").waitFor();
  const said = await page.locator(".events .pill").allInnerTexts();
  assert.equal(said.length, 20);
  assert.ok(said.every((one) => /^[a-z ]+$/.test(one)), said.join());
  shown = { ...job, events: [...shown.events, { type: "RESUMED", severity: "INFO", message: "again" }] };
  await page.locator(".straggler").waitFor({ state: "detached" });
});

// Browsers have six connections to a server for all of their windows.
test("a window that is hidden watches nothing", async () => {
  const ended = coordinator.train("hidden", 0, "--epochs", "5000", "--local-ranks", "1", "--train-limit", "2000");
  await until("it has a model", async () => (await coordinator.call("JobService/GetJob", { name: "jobs/hidden" })).model);
  const isWatch = (one) => one.url().endsWith("/WatchJob");
  const page = await open("#/jobs");
  await Promise.all([page.waitForRequest(isWatch), page.goto(`${coordinator.origin}/#/job/hidden`)]);
  await page.locator(".pill.live").first().waitFor();
  const heights = await until("it trains", () => page.evaluate(() => {
    const parts = [".pill.live", ".progress.live"].map((one) => document.querySelector(one)?.getBoundingClientRect().height);
    return parts.every(Boolean) && parts;
  }));
  assert.ok(Math.max(...heights) < 40, `a line is ${heights} pixels high`);
  const look = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await Promise.all([page.waitForEvent("requestfailed", isWatch), look(true)]);
  await Promise.all([page.waitForRequest(isWatch), look(false)]);
  await page.locator(".pill.live").first().waitFor();
  await coordinator.call("JobService/CancelJob", { name: "jobs/hidden" });
  assert.equal(await ended, 76);
  await page.locator(".page-head").getByText("cancelled").waitFor();
  // It is deleted while it is looked at, and while its network is drawn for.
  const drawing = await open("#/draw?model=hidden");
  await drawing.locator("select").first().locator("option", { hasText: "hidden" }).waitFor({ state: "attached" });
  for (const one of [page, drawing]) one.watched.expected = [/^404 /];
  await coordinator.call("JobService/DeleteJob", { name: "jobs/hidden" });
  await page.getByText("does not exist, or was deleted").waitFor();
  await until("its network is gone", async () => !(await drawing.locator("select").first().innerText()).includes("hidden"));
  await draw(drawing, SEVEN);
  await drawing.getByText(/^\d, \d/).waitFor();
});

test("a job is cancelled after a question, and its name is text", async () => {
  const ended = coordinator.train(EVIL.replace("/", ""), 0, "--epochs", "500", "--local-ranks", "1");
  const page = await open("#/jobs");
  await until("its name", async () => (await page.locator(".job-name a").allInnerTexts()).some((text) => text.startsWith("evil")));
  assert.equal(await page.locator("main img").count(), 0);
  await page.locator(".job-name a", { hasText: "evil" }).click();
  await page.locator(".actions").getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
  assert.equal(await ended, 76);
  await page.locator(".page-head").getByText("cancelled").waitFor();
  page.watched.expected = [/^404 /];  // what was asked before it was gone
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(/#\/jobs$/);
});

test("what people call a job is shown everywhere, and changed by a form", async () => {
  const page = await open("#/job/lesson");
  const said = { displayName: `Wide ${EVIL}`, tags: ["lab3", "a, b"], note: "too few epochs, on purpose" };
  await page.getByRole("button", { name: "Name and note" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name", { exact: true }).fill("x".repeat(101));
  await form.getByLabel("Tags").fill(said.tags.join("\n\n"));
  await form.getByLabel("Note").fill(said.note.replace(", ", ",\n"));
  assert.deepEqual(await axeFinds(page, axe), []);
  page.watched.expected = [/^400 .*\/UpdateJob$/];
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("100").waitFor();  // the coordinator says how long it may be
  await form.getByLabel("Name", { exact: true }).fill(said.displayName);
  await form.getByRole("button", { name: "Save" }).click();
  await page.locator("h1", { hasText: said.displayName }).waitFor();
  const { labels } = await coordinator.call("JobService/GetJob", { name: "jobs/lesson" });
  assert.deepEqual({ displayName: labels.displayName, tags: labels.tags, note: labels.note }, said);
  for (const route of ["#/job/lesson", "#/jobs", "#/compare?runs=lesson"]) {
    await page.goto(`${coordinator.origin}/${route}`);
    const place = page.locator(route === "#/jobs" ? ".job-row:has(.tags)" : "main");
    for (const text of [said.displayName, "lesson", said.note, ...said.tags]) await place.getByText(text, { exact: text !== "lesson" }).locator("visible=true").first().waitFor();
  }
  assert.equal(await page.locator("main img").count(), 0);
});

for (const [route, ready] of [["#/jobs", ".job-row"], ["#/job/lesson", ".confusion"], ["#/draw", ".pad"], ["#/compare", ".compare-table"], ["#/lesson", ".questions"]]) {
  test(`${route} is accessible, fits 360 pixels, and is there in French and dark`, async () => {
    const page = await open(route);
    await page.locator(ready).first().waitFor();
    assert.deepEqual(await axeFinds(page, axe), []);
    const small = await open(route, { locale: "fr-FR", colorScheme: "dark", viewport: { width: 360, height: 780 }, reducedMotion: "reduce" });
    await small.locator(ready).first().waitFor();
    assert.equal(await small.locator("html").getAttribute("lang"), "fr");
    await small.getByRole("link", { name: "Comparer", exact: true }).waitFor();
    assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is wider than the screen");
    assert.deepEqual(await axeFinds(small, axe), []);
  });
}

test("connect-web lists and watches jobs", async () => {
  const source = join(coordinator.folder, "client.mjs");
  writeFileSync(source, `
    import { createClient } from "@connectrpc/connect";
    import { createConnectTransport } from "@connectrpc/connect-web";
    import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
    import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
    window.run = async (bytes, useBinaryFormat) => {
      const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(bytes)));
      const client = createClient(registry.getService("convoy.v1.JobService"), createConnectTransport({ baseUrl: location.origin, useBinaryFormat }));
      const { jobs } = await client.listJobs({});
      const states = [];
      for await (const { job } of client.watchJob({ name: "jobs/lesson" })) states.push(job.state);
      return [jobs.map((job) => job.name), states];
    };`);
  const bundled = spawnSync(process.env.CONVOY_ESBUILD, [source, "--bundle", "--format=iife"], { env: { ...process.env, NODE_PATH: join(folder, "node_modules") }, encoding: "utf8" });
  assert.equal(bundled.status, 0, bundled.stderr);
  const page = await open("#/jobs", { bypassCSP: true });
  await page.addScriptTag({ content: bundled.stdout });
  const descriptors = [...readFileSync(process.env.CONVOY_API)];
  for (const binary of [true, false]) {
    const [names, states] = await page.evaluate(([bytes, format]) => window.run(bytes, format), [descriptors, binary]);
    assert.ok(names.includes("jobs/lesson"));
    assert.equal(states.at(-1), 2);  // SUCCEEDED
  }
});

// Its network is the newest from here on, which the other tests are not about.
test("a script in the name of a network, a layer or a class is text", async () => {
  const pictures = join(coordinator.folder, "pictures");
  const classes = ["<b>bold<b>", "<img src=x onerror=alert(2)>", "plain"];  // in the order of their bytes
  writePictures(pictures, classes);
  const model = join(coordinator.folder, "evil.textproto");
  writeFileSync(model, `name: "<i>${EVIL}" input { height: 40 width: 52 channels: 3 }
    layers { name: "${EVIL}" conv2d { filters: 4 kernel_size: 3 activation: RELU } } layers { name: "<script>alert(3)</script>" flatten {} }
    layers { name: "output" dense { units: 3 activation: SOFTMAX } }`);
  assert.equal(await coordinator.train("names", 0, "--epochs", "1", "--local-ranks", "1", "--model", model, "--data", pictures), 0);
  const page = await open("#/draw?model=names");
  page.on("dialog", (dialog) => page.watched.complaints.push(dialog.message()));
  await draw(page, SEVEN);
  await until("the classes", async () => JSON.stringify(await page.locator(".probabilities .name").allInnerTexts()) === JSON.stringify(classes));
  await page.locator(".layers figcaption", { hasText: EVIL }).waitFor();
  await choosePixel(page, { layer: `"${EVIL}"`, channels: 4, height: 38, width: 50 }, { map: 1, y: 2, x: 3 });
  await page.locator(".inspector h3", { hasText: EVIL }).waitFor();
  page.watched.expected = [/^400 .*\/EvaluateModel$/];  // the coordinator's images are others, and it says so
  for (const route of ["#/job/names", "#/compare?runs=names", "#/lesson?model=names"]) {
    await page.goto(`${coordinator.origin}/${route}`);
    await page.getByText("<script>alert(3)</script>").or(page.getByText(EVIL)).locator("visible=true").first().waitFor();
  }
  assert.equal(await page.locator("main img, main script, main i").count(), 0);
});

// A network that could tell a thousand things apart, on ten of them: its matrix is as large as the coordinator's may be.
test("of a thousand classes those are shown that somebody would look for", async () => {
  const model = join(coordinator.folder, "many.textproto");
  writeFileSync(model, `name: "many" input { height: 28 width: 28 } layers { flatten {} } layers { dense { units: 1000 activation: SOFTMAX } }`);
  assert.equal(await coordinator.train("many", 0, "--epochs", "1", "--local-ranks", "1", "--model", model, "--train-limit", "2000"), 0);
  let page = await open("#/job/many");
  await page.getByText("Shown are 26 of 1,000 classes").waitFor();
  assert.equal(await page.locator(".results .confusion tbody tr").count(), 26);
  assert.equal(await page.locator(".results .confusion .cell").count(), 26 * 26);
  const { confusionMatrix } = await coordinator.call("ModelService/EvaluateModel", { name: "models/many" });
  const wrong = confusionMatrix.flatMap((row, label) => row.counts.map((n, predicted) => (label === predicted ? 0 : Number(n))));
  const shown = await page.locator(".results .confusion .wrong button").allInnerTexts();
  assert.equal(Math.max(...shown.map((n) => Number(n.replace(/[^0-9]/g, "")))), wrong.reduce((most, n) => Math.max(most, n), 0));
  page = await open("#/draw?model=many");
  const rows = page.locator(".probabilities li");
  await until("twelve rows", async () => (await rows.count()) === 12);
  await draw(page, SEVEN);
  await rows.first().and(page.locator(".best")).waitFor();
  const parts = (await page.locator(".probabilities .bar").evaluateAll((bars) => bars.map((bar) => parseFloat(bar.style.width))));
  assert.deepEqual(parts, [...parts].sort((a, b) => b - a));
  const meant = page.locator(".meant");
  await meant.getByRole("combobox").selectOption("7");
  await meant.getByRole("button", { name: "Count it" }).click();
  await page.locator(".tally .confusion").waitFor();
  await page.goto(`${coordinator.origin}/#/jobs`);
  await page.goto(`${coordinator.origin}/#/draw?model=many`);
  await page.locator(".tally").getByText("of 1 drawings").waitFor();
});

test("names of any length fit every screen", async () => {
  const long = (letter) => letter.repeat(200);
  const pictures = join(coordinator.folder, "long");
  writePictures(pictures, ["A", "B", "C"].map(long));
  const model = join(coordinator.folder, "long.textproto");
  writeFileSync(model, `name: "${long("n")}" input { height: 40 width: 52 channels: 3 }
    layers { name: "${long("c")}" conv2d { filters: 4 kernel_size: 3 activation: RELU } } layers { name: "${long("f")}" flatten {} }
    layers { name: "${long("d")}" dense { units: 3 activation: SOFTMAX } }`);
  assert.equal(await coordinator.train(long("j"), 0, "--epochs", "1", "--local-ranks", "1", "--model", model, "--data", pictures,
    "--name", "N".repeat(100), "--tag", "t".repeat(40), "--note", "o".repeat(1000)), 0);
  const [{ name: job }] = (await coordinator.call("JobService/ListJobs", {})).jobs;
  const id = job.replace("jobs/", "");
  assert.match(id, /^jjj/);
  for (const width of [360, 768, 1280]) {
    const page = await open("", { viewport: { width, height: 780 } });
    page.watched.expected = [/^400 .*\/EvaluateModel$/];
    for (const [route, ready] of [["#/jobs", ".job-row"], [`#/job/${id}`, ".recipe table"], [`#/draw?model=${id}&with=${id}`, ".reading h3"], [`#/compare?runs=${id},lesson`, ".compare-table"], [`#/lesson?model=${id}`, ".questions"]]) {
      await page.goto(`${coordinator.origin}/${route}`);
      await page.locator(ready).first().waitFor();
      if (route.startsWith("#/draw")) {
        await draw(page, SEVEN);
        await page.locator(".inspector h3").waitFor();
      }
      const widest = await page.evaluate(() => {
        const holds = (element) => !element.closest(".scroll, .numbers, select, svg");
        const over = [...document.querySelectorAll("main *")].filter((one) => holds(one) && one.getBoundingClientRect().right > innerWidth + 1);
        return [document.documentElement.scrollWidth - innerWidth, over.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))];
      });
      assert.ok(widest[0] <= 0 && widest[1].length === 0, `${route.slice(0, 12)} at ${width}: ${JSON.stringify(widest)}`);
    }
  }
});

test("nothing was asked of anybody else, and no console had an error", () => {
  assert.deepEqual(opened.flatMap((watched) => watched.complaints), []);
});

test("all of it is small", async () => {
  let bytes = 0;
  for (const path of ["/", "/app.js", "/app.css", "/icon.svg"]) {
    const answer = spawnSync("curl", ["-s", "-H", "Accept-Encoding: gzip", `${coordinator.origin}${path}`]);
    bytes += answer.stdout.length;
  }
  assert.ok(bytes > 1000 && bytes < 300e3, `${bytes} bytes; data: ${data}`);
});
