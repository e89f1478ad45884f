// Whether the coordinator answers: what calls find out, and who wants to know.

type Listener = (answers: boolean) => void;

let answers = true;
const listeners = new Set<Listener>();

function set(now: boolean): void {
  if (now === answers) return;
  answers = now;
  for (const listener of listeners) listener(now);
}

export const reportAnswer = () => set(true);
export const reportSilence = () => set(false);
export const onConnection = (listener: Listener) => void listeners.add(listener);
