// A coordinator and trainers for the page's tests, in a folder of their own, and a browser that watches for what must
// never happen: an error in the console, a request to anywhere else.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { CONVOY_TRAINER, CONVOY_COORDINATOR_PROGRAM, CONVOY_DATA } = process.env;
const MPIRUN = ["--allow-run-as-root", "--oversubscribe", "-np", "2"];

// Small pictures in a folder for each of these three classes.
export function writePictures(folder, names) {
  const script = "import json, sys; sys.path.insert(0, sys.argv[1]); import pictures; pictures.CLASSES = json.loads(sys.argv[3]); pictures.write_folders(sys.argv[2])";
  const made = spawnSync("/usr/bin/python3", ["-B", "-c", script, fileURLToPath(new URL("../e2e", import.meta.url)), folder, JSON.stringify(names)], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
}

export const data = CONVOY_DATA || "generated";

const freePort = () => new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

export const PATIENCE = 180;  // seconds: on a busy machine a training takes most of a minute to begin

export async function until(what, test, seconds = PATIENCE) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Coordinator {
  folder = mkdtempSync(join(tmpdir(), "convoy-web."));
  trainers = [];
  environment = {};  // of the trainings that begin

  static async create(...flags) {
    const made = new Coordinator();
    [made.port, made.http] = [await freePort(), await freePort()];
    made.flags = flags;
    await made.start();
    return made;
  }

  get origin() {
    return `http://127.0.0.1:${this.http}`;
  }

  async start() {
    this.process = spawn(CONVOY_COORDINATOR_PROGRAM, ["--listen", `127.0.0.1:${this.port}`, "--http", `127.0.0.1:${this.http}`,
      "--store", join(this.folder, "store"), "--data", data, ...this.flags], { stdio: "ignore" });
    await until("the coordinator answers", () => fetch(`${this.origin}/healthz`).then((answer) => answer.ok, () => false));
  }

  async kill() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  // Under mpirun if `ranks`; resolves to its exit code.
  train(name, ranks, ...flags) {
    const run = [...(flags.includes("--data") ? [] : ["--data", data]), "--coordinator", `127.0.0.1:${this.port}`, "--run-dir", join(this.folder, name), "--verbose", "0", ...flags];
    const options = { stdio: "ignore", env: { ...process.env, ...this.environment } };
    const trainer = ranks ? spawn("mpirun", [...MPIRUN, CONVOY_TRAINER, ...run], options) : spawn(CONVOY_TRAINER, run, options);
    this.trainers.push(trainer);
    return new Promise((resolve) => trainer.once("exit", resolve));
  }

  // Holds the trainings that begin from now on before that step, until the function that is returned is called.
  hold(step) {
    const file = join(this.folder, "hold");
    writeFileSync(file, "");
    this.environment = { CONVOY_FAILPOINT: `before_step:${step}`, CONVOY_FAILPOINT_HOLD: file };
    return () => {
      rmSync(file);
      this.environment = {};
    };
  }

  async call(method, fields) {
    const answer = await fetch(`${this.origin}/convoy.v1.${method}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });
    return answer.json();
  }

  stop() {
    for (const one of [...this.trainers, this.process]) one.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function chromiumPath() {
  const found = spawnSync("which", ["chromium"], { encoding: "utf8" }).stdout.trim();
  if (found) return found;
  console.log("skipped: chromium is not installed");
  process.exit(77);
}

export class Watched {
  complaints = [];
  expected = [];  // answers that are errors and meant to be, such as /^404 .*GetJob$/
  away = false;   // whether the coordinator is, of which the browser itself writes to the console

  constructor(page, origin) {
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
    page.on("console", (message) => {
      const ofAnswer = /Failed to load resource: the server responded/.test(message.text());  // see below
      const ofAbsence = this.away && /Failed to load resource/.test(message.text());
      if (message.type() === "error" && !ofAnswer && !ofAbsence) this.complaints.push(message.text());
    });
    page.on("response", (answer) => {
      const said = `${answer.status()} ${answer.url()}`;
      if (answer.status() >= 400 && !this.expected.some((one) => one.test(said))) this.complaints.push(said);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) this.complaints.push(`asked ${request.url()}`);
    });
  }
}
