// The frame around all pages: navigation, language, colours, word of the coordinator; which page an address means.
import { h, replace } from "./base/dom";
import type { Page } from "./base/page";
import { currentLanguage, type Key, setLanguage, t } from "./base/text";
import { applyTheme, currentTheme, nextTheme } from "./base/theme";
import { comparePage } from "./pages/compare";
import { drawPage } from "./pages/draw";
import { jobPage } from "./pages/job";
import { jobsPage } from "./pages/jobs";
import { lessonPage } from "./pages/lesson";
import { call, isAway } from "./rpc/client";
import { onConnection } from "./rpc/connection";
import { JobService } from "./api/api";

const PAGES: Record<string, { page: Page; title: Key; inNavigation: boolean }> = {
  jobs: { page: jobsPage, title: "jobs", inNavigation: true },
  draw: { page: drawPage, title: "draw", inNavigation: true },
  compare: { page: comparePage, title: "compare", inNavigation: true },
  lesson: { page: lessonPage, title: "lesson", inNavigation: true },
  job: { page: jobPage, title: "job", inNavigation: false },
};
const KNOCK_MS = 1000;

const main = h("main", { id: "main", tabindex: -1 });
const banner = h("div", { class: "banner", role: "status", hidden: true });
let leaving = new AbortController();

// An address that somebody typed may be no encoding of anything.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readAddress() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/");
  return { name: PAGES[name] ? name : "jobs", argument: decoded(rest.join("/")), query: new URLSearchParams(query) };
}

function navigation(current: string): HTMLElement {
  const links = Object.entries(PAGES).filter(([, entry]) => entry.inNavigation).map(([name, entry]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current || (name === "jobs" && current === "job") ? "page" : null }, t(entry.title)));
  return h("nav", { "aria-label": t("pages") }, links);
}

function languageSwitch(): HTMLElement {
  const other = currentLanguage() === "en" ? "fr" : "en";
  return h("button", { class: "quiet", type: "button", lang: other, onclick: () => {
    setLanguage(other);
    show(false);
  } }, other === "fr" ? "Français" : "English");
}

function themeSwitch(): HTMLElement {
  const label = t("theme", { theme: t(`theme_${currentTheme()}`) });
  return h("button", { class: "quiet theme", type: "button", "aria-label": label, title: label, onclick: () => {
    applyTheme(nextTheme());
    show(false);
  } }, h("span", { class: `theme-icon ${currentTheme()}`, "aria-hidden": "true" }));
}

function showFrame(current: string): void {
  document.documentElement.lang = currentLanguage();
  const skip = h("a", { class: "skip", href: "#main", onclick: (event: Event) => (event.preventDefault(), main.focus()) }, t("skip"));
  const top = h("header", { class: "top" },
    h("a", { class: "brand", href: "#/jobs" }, h("img", { src: "/icon.svg", alt: "", width: 24, height: 24 }), h("span", {}, "Convoy")),
    navigation(current), h("div", { class: "switches" }, languageSwitch(), themeSwitch()));
  replace(document.body, skip, top, banner, main);
}

// Leaves the page that is shown and shows the one of the address.
function show(moved: boolean): void {
  leaving.abort();
  leaving = new AbortController();
  const { name, argument, query } = readAddress();
  showFrame(name);
  document.title = `${argument || t(PAGES[name]!.title)} · Convoy`;
  main.replaceChildren();
  PAGES[name]!.page(main, { signal: leaving.signal, argument, query });
  if (!moved) return;
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

// A page that waits for a stream would not notice that the coordinator is back: this knocks.
function knock(): void {
  const timer = setInterval(() => {
    call(JobService.listJobs, { pageSize: 1 }).then(() => clearInterval(timer), (error) => isAway(error) || clearInterval(timer));
  }, KNOCK_MS);
}

onConnection((answers) => {
  banner.hidden = answers;
  banner.textContent = answers ? "" : t("away");
  if (!answers) knock();
});
window.addEventListener("hashchange", () => show(true));
applyTheme(currentTheme());
show(false);
