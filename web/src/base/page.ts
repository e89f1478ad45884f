// What a page is given, and what all pages show alike.
import { isAborted, RpcError } from "../rpc/client";
import { type Child, h, replace } from "./dom";
import { type Key, t } from "./text";

export interface PageContext {
  signal: AbortSignal;  // aborted when the page is left
  argument: string;     // what the address has behind the page's name
  query: URLSearchParams;
}

// Fills `root`.
export type Page = (root: HTMLElement, context: PageContext) => void;

export const idOf = (name: string) => name.replace(/^(jobs|models)\//, "");
export const jobAddress = (name: string) => `#/job/${encodeURIComponent(idOf(name))}`;
export const drawAddress = (name: string) => `#/draw?model=${encodeURIComponent(idOf(name))}`;

export function heading(title: Child, lead?: Child, ...actions: Child[]): HTMLElement {
  return h("header", { class: "page-head" },
    h("div", {}, h("h1", {}, title), lead !== undefined && h("p", { class: "lead" }, lead)),
    actions.length > 0 && h("div", { class: "actions" }, ...actions));
}

export function card(title: Key | null, ...children: Child[]): HTMLElement {
  return h("section", { class: "card" }, title && h("h2", {}, t(title)), ...children);
}

// An empty state that says what to do; `command` is shown to be typed.
export function empty(title: string, text: Child, command?: HTMLElement): HTMLElement {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, text), command);
}

let grpcPort: Promise<string> | undefined;  // where trainers find the coordinator, a socket's path perhaps; asked for once

async function askPort(): Promise<string> {
  const answer = await fetch("/grpc-port");
  if (!answer.ok) throw new Error(`${answer.status} of /grpc-port`);
  return answer.text();
}

// A command that trains for this coordinator, to be typed where the reader's browser runs.
export function trainerCommand(flags = ""): HTMLElement {
  const place = h("div", {});
  grpcPort ??= askPort();
  grpcPort.then((port) => {
    const secure = location.protocol === "https:" ? " --tls-ca ca.pem" : "";
    const address = port.startsWith("/") ? `unix:${port}` : `${location.hostname}:${port}`;
    replace(place, commandLine(`mpirun -np 2 trainer ${flags}${flags && " "}--coordinator ${address}${secure}`));
  }, () => (grpcPort = undefined));
  return place;
}

// Lines break between its words alone.
export function commandLine(command: string): HTMLElement {
  const said = h("span", { class: "visually-hidden", role: "status" });
  const copy = h("button", { class: "quiet", type: "button", onclick: () => {
    void navigator.clipboard?.writeText(command).then(() => (said.textContent = t("copied")));
  } }, t("copy"));
  return h("div", { class: "command" }, h("code", {}, command.split(" ").map((word, i) => [i > 0 && " ", h("span", { class: "word" }, word)])), navigator.clipboard && copy, said);
}

export function problem(error: unknown): HTMLElement {
  const message = error instanceof RpcError ? error.message : error instanceof Error ? error.message : String(error);
  return h("p", { class: "problem", role: "alert" }, message);
}

// Runs `task` and shows its error in `place`.
export async function orProblem(place: HTMLElement, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!isAborted(error)) replace(place, problem(error));
  }
}
