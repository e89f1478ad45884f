// Doing something again and again until a page is left, through times without a coordinator.
import { isAborted, isAway } from "../rpc/client";

const AWAY_MS = 1000;

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
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
      if (!isAway(error)) return failed(error);
      await sleep(AWAY_MS, signal);
    }
  }
}

// Calls `task` until it succeeds, as long as the coordinator is away.
export async function insist<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (signal.aborted || !isAway(error)) throw error;
      await sleep(AWAY_MS, signal);
    }
  }
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
    while (this.next) {
      const task = this.next;
      this.next = undefined;
      await task();
    }
    this.running = false;
  }
}
