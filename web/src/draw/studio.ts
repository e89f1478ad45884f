// The sheet with what one or two networks read on it, live: used by the page "Draw" and by the lesson. While somebody
// draws, each question waits for the one before; of those that wait only the newest is asked.
import type { TrainedModel } from "../api/api";
import { freshId, h, replace, setText } from "../base/dom";
import { problem } from "../base/page";
import { fixed, t } from "../base/text";
import { Newest } from "../base/waiting";
import { canvas, drawImage } from "../charts/pixels";
import { classNames } from "../network/classes";
import { Inspector } from "../network/inspector";
import { brightest, MapsView, type Place } from "../network/maps";
import { factsOf, type NetworkFacts } from "../network/models";
import { Probabilities } from "../network/probabilities";
import { isAborted, isAway, isBusy } from "../rpc/client";
import { Pad } from "./pad";
import { rawImage } from "./pictures";
import { readImage, readMaps, type Reading, type Sheet } from "./reader";

const SENT_SIZE = 140;  // of the sheet: fine enough for any network here

class Side {
  readonly probabilities = new Probabilities(t("drawFirst"));
  readonly newest = new Newest();
  model: TrainedModel | undefined;

  setModel(model: TrainedModel | undefined): void {
    if (model?.job !== this.model?.job) this.probabilities.setNames(model ? classNames(model) : []);
    this.model = model;
  }
}

export class Studio {
  readonly first = new Side();
  readonly second = new Side();
  readonly pad = new Pad(() => this.drawn());
  readonly prepared = canvas(28, 28, t("preparedAlt"));
  readonly maps = new MapsView((place) => this.choose(place));
  readonly inspector = new Inspector((place) => this.choose(place));
  readonly preparation = h("p", { class: "muted" });
  readonly trouble = h("div", {});
  readonly tools: HTMLElement;
  readonly noise: HTMLElement;
  onReading: (reading: Reading | undefined) => void = () => undefined;
  private readonly mapsNewest = new Newest();
  private picture: ImageBitmap | undefined;  // instead of the sheet
  private level = 0;
  private chosen = false;  // a place in the maps, by somebody
  private facts: NetworkFacts | undefined;
  private readonly file = h("input", { type: "file", accept: "image/*", class: "visually-hidden", tabindex: -1, "aria-hidden": "true", onchange: () => {
    const [file] = this.file.files ?? [];
    if (file) void this.open(file);
    this.file.value = "";
  } });

  constructor(private readonly signal: AbortSignal) {
    this.tools = h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => this.clear() }, t("clear")),
      h("button", { type: "button", onclick: () => this.file.click() }, t("openPicture")), this.file);
    this.noise = this.noiseSlider();
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (file) void this.open(file);
    }, { signal });
  }

  private noiseSlider(): HTMLElement {
    const id = freshId("noise");
    const said = h("output", {}, fixed(0, 2));
    return h("div", { class: "slider" }, h("label", { for: id }, t("noise")), h("input", { id, type: "range", min: 0, max: 1, step: 0.05, value: 0,
      oninput: (event: Event) => {
        this.level = Number((event.target as HTMLInputElement).value);
        setText(said, fixed(this.level, 2));
        this.ask();
      } }), said);
  }

  setModels(first: TrainedModel | undefined, second?: TrainedModel): void {
    const other = first?.name !== this.first.model?.name || first?.version !== this.first.model?.version;
    this.first.setModel(first);
    this.second.setModel(second);
    if (other) void this.learn();
    this.ask();
  }

  private async learn(): Promise<void> {
    this.facts = undefined;
    const model = this.first.model;
    if (!model) return;
    try {
      const facts = await factsOf(model, this.signal);
      if (model !== this.first.model) return;
      this.facts = facts;
      this.ask();  // now a pixel can be explained
    } catch (error) {
      if (!isAborted(error)) replace(this.trouble, problem(error));
    }
  }

  clear(): void {
    this.picture = undefined;
    this.pad.clear();
    this.first.probabilities.clear();
    this.second.probabilities.clear();
    this.maps.clear();
    setText(this.preparation, "");
    this.prepared.getContext("2d")!.clearRect(0, 0, this.prepared.width, this.prepared.height);
    this.trouble.replaceChildren();
    this.onReading(undefined);
  }

  async open(file: Blob): Promise<void> {
    try {
      const picture = await createImageBitmap(file);
      this.picture = picture;
      this.pad.show(picture);
      this.ask();
    } catch {
      replace(this.trouble, problem(t("noPicture")));
    }
  }

  private drawn(): void {
    this.picture = undefined;
    this.ask();
  }

  private sent(model: TrainedModel): Sheet | undefined {
    if (this.picture) return { image: rawImage(this.picture, model.input), preparation: "AUTOMATIC" };
    return this.pad.empty ? undefined : { image: rawImage(this.pad.canvas, model.input, SENT_SIZE), preparation: "DRAWING" };
  }

  private ask(): void {
    this.read(this.first, (reading, model) => this.show(reading, model));
    this.read(this.second, () => undefined);
  }

  private read(side: Side, done: (reading: Reading, model: TrainedModel) => void): void {
    side.newest.run(async () => {
      const model = side.model;
      const sheet = model && this.sent(model);
      if (!model || !sheet) return;
      try {
        const reading = await readImage(model, sheet, this.level, this.signal);
        if (this.pad.empty || model !== side.model) return;
        side.probabilities.answer(reading.prediction.probabilities, reading.prediction.label);
        this.trouble.replaceChildren();
        done(reading, model);
      } catch (error) {
        this.complain(error);
      }
    });
  }

  // The maps are asked of the model that read: another one may take images of another size.
  private show(reading: Reading, model: TrainedModel): void {
    drawImage(this.prepared, reading.image);
    setText(this.preparation, preparationText(reading));
    this.onReading(reading);
    this.mapsNewest.run(async () => {
      if (model !== this.first.model) return;
      try {
        const maps = await readMaps(model, reading.image, this.signal);
        if (this.pad.empty || model !== this.first.model) return;
        this.maps.update(maps);
        this.inspector.update(this.facts && { ...this.facts, maps, image: reading.image });
        if (!this.chosen && maps[0]) this.look(brightest(maps[0]));
      } catch (error) {
        this.complain(error);
      }
    });
  }

  // Not of what the next movement of the pen mends: it is asked again.
  private complain(error: unknown): void {
    if (!isAborted(error) && !isAway(error) && !isBusy(error)) replace(this.trouble, problem(error));
  }

  private choose(place: Place): void {
    this.chosen = true;
    this.look(place);
  }

  private look(place: Place): void {
    this.maps.select(place);
    this.inspector.show(place);
  }
}

function preparationText(reading: Reading): string {
  const done = reading.prediction.preparation;
  if (!done) return "";
  const steps = [done.convertedToGrey && t("madeGrey"), done.inverted && t("inverted"), done.scaledAndCentred && t("scaled")].filter(Boolean);
  return steps.length ? t("preparedFrom", { height: done.sourceHeight, width: done.sourceWidth, steps: steps.join(", ") }) : "";
}
