// Where each rank's time went, and what happened.
import type { Event, Job, PhaseSeconds, Rank } from "../api/api";
import { h, heads, replace } from "../base/dom";
import { dateOf } from "../base/job_facts";
import { card } from "../base/page";
import { clockTime, count, duration, fixed, t } from "../base/text";
import type { JobPart } from "./job";

const PHASES = ["data", "forward", "backward", "reduce", "update", "wait"] as const;

// Of a phase that an event names; one that this page does not know goes by the name that it has.
function phaseName(name: string): string {
  const known = PHASES.find((phase) => phase === name);
  return known ? t(`phase_${known}`) : name;
}

const total = (seconds: PhaseSeconds) => PHASES.reduce((sum, phase) => sum + seconds[phase], 0);

// The ranks that the newest events call slow; those of a start before the last are gone.
function stragglers(job: Job): Map<number, Event> {
  const slow = new Map<number, Event>();
  for (const event of job.events) {
    if (event.type === "STARTED" || event.type === "RESUMED") slow.clear();
    if (!event.straggler) continue;
    if (event.type === "STRAGGLER") slow.set(event.straggler.rank, event);
    else slow.delete(event.straggler.rank);
  }
  return slow;
}

function bar(rank: Rank, longest: number): HTMLElement {
  const seconds = rank.epochPhaseSeconds!;
  const said = PHASES.map((phase) => `${t(`phase_${phase}`)} ${duration(seconds[phase])}`).join(", ");
  return h("div", { class: "phases", role: "img", "aria-label": said, title: said }, PHASES.map((phase, i) => {
    const part = h("span", { class: `phase s${i + 1}` });
    part.style.width = `${(100 * seconds[phase]) / longest}%`;
    return part;
  }));
}

function row(rank: Rank, longest: number, slow?: Event): HTMLElement {
  return h("tr", { class: slow ? "straggler" : null },
    h("th", { scope: "row" }, count(rank.rank)), h("td", {}, rank.host), h("td", { class: "number" }, count(rank.threads)),
    h("td", { class: "phase-cell" }, rank.epochPhaseSeconds ? bar(rank, longest) : "",
      slow && h("span", { class: "pill warn" }, t("straggler", { times: fixed(slow.straggler!.slowdown, 1), phase: phaseName(slow.straggler!.phase) }))),
    h("td", { class: "number" }, rank.epochPhaseSeconds ? duration(total(rank.epochPhaseSeconds)) : "–"));
}

export function ranksCard(): JobPart {
  const body = h("tbody", {});
  const legend = h("ul", { class: "legend" }, PHASES.map((phase, i) => h("li", {}, h("span", { class: `swatch s${i + 1}` }), t(`phase_${phase}`))));
  const table = h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "rank-table" },
    heads([t("rank"), t("host"), t("threads"), t("lastEpoch"), t("sum")], [2, 4]), body));
  const element = card("ranksTitle", legend, table);
  element.classList.add("wide");
  return { element, update(job) {
    element.hidden = job.ranks.length === 0;
    const longest = Math.max(1e-9, ...job.ranks.map((rank) => (rank.epochPhaseSeconds ? total(rank.epochPhaseSeconds) : 0)));
    const slow = stragglers(job);
    replace(body, job.ranks.map((rank) => row(rank, longest, slow.get(rank.rank))));
  } };
}

const TONES: Partial<Record<Event["severity"], string>> = { WARNING: "warn", ERROR: "bad" };

export function eventsCard(): JobPart {
  const list = h("ol", { class: "events", tabindex: 0, "aria-label": t("events") });
  const element = card("events", list);
  let shown = -1;
  return { element, update(job) {
    if (job.events.length === shown) return;
    shown = job.events.length;
    replace(list, [...job.events].reverse().map((event) => h("li", {},
      h("time", { class: "muted" }, clockTime(dateOf(event.time) ?? new Date())),
      h("span", { class: `pill ${TONES[event.severity] ?? "calm"}` }, t(`event_${event.type}`)), h("span", { class: "event-text", lang: "en" }, event.message))));
  } };
}
