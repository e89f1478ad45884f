// A slider over the epochs of a model that the coordinator keeps, from the untrained network on. Its last position is the
// model as it is now: whoever leaves it there follows the training.
import { ModelService, type TrainedModel } from "../api/api";
import { freshId, h, setText } from "../base/dom";
import { metric } from "../base/job_facts";
import { percent, t } from "../base/text";
import { sleep } from "../base/waiting";
import { call, isAborted, RpcError } from "../rpc/client";

const PLAY_MS = 700;

export class TimeMachine {
  readonly element: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly said = h("output", { class: "epoch-said" });
  private readonly play: HTMLButtonElement;
  private versions: TrainedModel[] = [];
  private parent = "";
  private asked = "";
  private chosen = "";  // a version; none: the last, whichever that is
  private playing = false;

  // `moved` is told the model of another position; none: the one of now.
  constructor(private readonly signal: AbortSignal, private readonly moved: (model: TrainedModel | undefined) => void) {
    const id = freshId("epochs");
    this.slider = h("input", { id, type: "range", min: 0, max: 0, step: 1, oninput: () => this.go(Number(this.slider.value)) });
    this.play = h("button", { type: "button", onclick: () => void this.run() }, t("playEpochs"));
    this.element = h("div", { class: "slider time-machine", hidden: true }, h("label", { for: id }, t("timeMachine")), this.slider, this.said, this.play);
  }

  get atNow(): boolean {
    return this.chosen === "";
  }

  // Asks which versions there are, if the model is another one than before.
  async follow(parent: string, version: string): Promise<void> {
    if (parent !== this.parent) this.forget(parent);
    const asked = `${parent} ${version}`;
    if (parent === "" || asked === this.asked) return;
    this.asked = asked;
    try {
      const { models } = await call(ModelService.listModelVersions, { parent }, { signal: this.signal });
      if (parent === this.parent) this.show(models);
    } catch (error) {
      this.asked = "";  // asked again with the next epoch, or when the coordinator is back
      if (!isAborted(error) && !(error instanceof RpcError)) throw error;
    }
  }

  private forget(parent: string): void {
    Object.assign(this, { parent, versions: [], chosen: "", playing: false });
    this.element.hidden = true;
  }

  // Versions come and go; whoever looks at one that is gone sees the one before.
  private show(versions: TrainedModel[]): void {
    this.versions = versions;
    this.element.hidden = versions.length < 2;
    this.slider.max = String(versions.length - 1);
    const last = versions.length - 1;
    const before = versions.filter((one) => Number(one.version) <= Number(this.chosen));
    const found = this.chosen === "" ? last : Math.max(0, before.length - 1);
    const wasThere = this.chosen === "" || versions[found]?.version === this.chosen;
    this.slider.value = String(found);
    if (wasThere) this.say(found);
    else this.go(found);
  }

  private go(position: number): void {
    const last = position >= this.versions.length - 1;
    this.chosen = last ? "" : this.versions[position]!.version;
    this.say(position);
    this.moved(last ? undefined : this.versions[position]);
  }

  private say(position: number): void {
    const model = this.versions[position];
    if (!model) return;
    const accuracy = metric(model.metrics, "val_accuracy") ?? metric(model.metrics, "test_accuracy");
    const right = accuracy === undefined ? "" : ` · ${t("rightPart", { part: percent(accuracy, 1) })}`;
    const epoch = position === this.versions.length - 1 ? t("epochNow", { epoch: model.version }) : model.version === "0" ? t("epochUntrained") : t("epochThen", { epoch: model.version });
    setText(this.said, epoch + right);
    this.slider.setAttribute("aria-valuetext", epoch + right);
  }

  // From the untrained network to the one of now, a position at a time.
  private async run(): Promise<void> {
    if (this.playing) return void (this.playing = false);
    this.playing = true;
    setText(this.play, t("pauseEpochs"));
    for (let position = 0; this.playing && position < this.versions.length && !this.signal.aborted; ++position) {
      this.slider.value = String(position);
      this.go(position);
      await sleep(PLAY_MS, this.signal);
    }
    this.playing = false;
    setText(this.play, t("playEpochs"));
  }
}
