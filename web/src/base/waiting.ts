// Doing something again and again until a page is left, through times without a coordinator.
import { isAborted, isAway, isBusy } from "../rpc/client";

const AWAY_MS = 1000;
const MOST_TIMES_BUSY = 60;

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

// Calls `task` at once and `ms` after it ended, while the page is seen and not left. An error that waiting does not mend
// ends it and goes to `failed`.
export async function poll(signal: AbortSignal, ms: number, task: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!document.hidden) await task();
      await sleep(ms, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      if (!isAway(error) && !isBusy(error)) return failed(error);
      await sleep(AWAY_MS, signal);
    }
  }
}

// Calls `task` until it succeeds, as long as the coordinator is away, and a minute while it has too much to do.
export async function insist<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  for (let busy = 0;;) {
    try {
      return await task();
    } catch (error) {
      if (signal.aborted || !(isAway(error) || (isBusy(error) && ++busy < MOST_TIMES_BUSY))) throw error;
      await sleep(AWAY_MS, signal);
    }
  }
}

// Resolves when the page is seen, or left.
export function untilSeen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

// A signal that is aborted when the page is hidden, or left. Browsers open six connections to a server, for all of their
// windows together, so a hidden one must not hold one.
export function whileSeen(signal: AbortSignal): AbortSignal {
  const seen = new AbortController();
  const end = () => {
    if (!document.hidden && !signal.aborted) return;
    document.removeEventListener("visibilitychange", end);
    signal.removeEventListener("abort", end);
    seen.abort();
  };
  document.addEventListener("visibilitychange", end);
  signal.addEventListener("abort", end);
  end();
  return seen.signal;
}

// Runs the newest task alone: one that is asked for while another runs waits, and only the last of those that wait runs.
export class Newest {
  private next: (() => Promise<void>) | undefined;
  private running = false;

  run(task: () => Promise<void>): void {
    this.next = task;
    if (!this.running) void this.drain();
  }

  private async drain(): Promise<void> {
    this.running = true;
    try {
      while (this.next) {
        const task = this.next;
        this.next = undefined;
        await task();
      }
    } finally {
      this.running = false;
    }
  }
}
