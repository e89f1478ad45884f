// Words and numbers in the reader's language.
import { texts } from "../texts/texts";

export type Language = "en" | "fr";
export type Key = keyof typeof texts;

const STORED = "convoy.language";

function chosen(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "fr") return stored;
  return navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
}

let language: Language = chosen();

export const currentLanguage = () => language;

export function setLanguage(next: Language): void {
  language = next;
  localStorage.setItem(STORED, next);
}

// No French line begins with a colon or a closing quotation mark.
const spaced = (french: string) => french.replace(/ ([:;?!»])/g, "\u00a0$1").replace(/« /g, "«\u00a0");

// {name} in the text stands for values[name].
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = language === "en" ? texts[key][0] : spaced(texts[key][1]);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

const locale = () => (language === "fr" ? "fr-FR" : "en-GB");

// A no-break space between thousands where French has a narrow one, which some fonts lack; a minus sign, not a hyphen, which
// a line may break after.
const plain = (text: string) => text.replace(/\u202f/g, "\u00a0").replace("-", "\u2212");

export function count(value: number | bigint): string {
  return plain(new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value));
}

// Without a minus sign before what is rounded to zero.
export function fixed(value: number, digits: number): string {
  const shown = Number(value.toFixed(digits)) || 0;
  return plain(new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(shown));
}

// Of a part from 0 to 1; the minus sign and the space before % as the language has them.
export function percent(part: number, digits = 2): string {
  return plain(
    new Intl.NumberFormat(locale(), { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(part));
}

export function significant(value: number, digits = 4): string {
  return plain(new Intl.NumberFormat(locale(), { maximumSignificantDigits: digits }).format(value));
}

export function bytes(value: number): string {
  if (value < 1e6) return `${fixed(value / 1e3, 0)}\u00a0${language === "fr" ? "ko" : "kB"}`;
  return `${fixed(value / 1e6, 1)}\u00a0${language === "fr" ? "Mo" : "MB"}`;
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (seconds < 9.95) return `${fixed(seconds, 1)}\u00a0s`;
  if (whole < 60) return `${whole}\u00a0s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`;
  return `${Math.floor(whole / 3600)}\u00a0h ${Math.floor((whole % 3600) / 60)}\u00a0min`;
}

export function moment(time: Date): string {
  const sameDay = time.toDateString() === new Date().toDateString();
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locale(), sameDay ? clock : { day: "numeric", month: "short", ...clock }).format(time);
}

export function clockTime(time: Date): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(time);
}
