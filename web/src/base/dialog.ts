// Questions before something is changed at the coordinator, with its token where it wants one.
import { RpcError } from "../rpc/client";
import { type Child, freshId, h, replace } from "./dom";
import { problem } from "./page";
import { t } from "./text";

let token = "";  // as long as the page is open, nowhere else

function tokenField(): HTMLElement {
  const id = freshId("token");
  return h("div", { class: "field" }, h("label", { for: id }, t("token")),
    h("input", { id, type: "password", autocomplete: "off", required: true, oninput: (event: InputEvent) => (token = (event.target as HTMLInputElement).value.trim()) }),
    h("p", { class: "muted" }, t("tokenHelp")));
}

const wantsToken = (error: unknown) => error instanceof RpcError && error.code === "unauthenticated";

// Asks `question`, with `body` below it; `act` is called with the token, "" if there is none, and may throw. Resolves to whether
// it was done. `tone` is the class of its button: what cannot be undone is a danger.
export function ask(question: string, body: Child, verb: string, act: (token: string) => Promise<void>, tone: "danger" | "primary" = "danger"): Promise<boolean> {
  return new Promise((resolve) => {
    const place = h("div", {});
    const title = freshId("dialog");
    let done = false;
    const confirm = h("button", { type: "submit", class: tone }, verb);
    const form = h("form", { onsubmit: async (event: Event) => {
      event.preventDefault();
      confirm.disabled = true;
      try {
        await act(token);
        done = true;
        dialog.close();
      } catch (error) {
        const again = wantsToken(error) && [tokenField(), token && problem(error)];
        replace(place, again || problem(error));
        place.querySelector("input")?.focus();
      }
      confirm.disabled = false;
    } }, h("h2", { id: title }, question), h("div", {}, body), place,
      h("div", { class: "dialog-actions" }, h("button", { type: "button", onclick: () => dialog.close() }, t("keep")), confirm));
    const dialog: HTMLDialogElement = h("dialog", { "aria-labelledby": title, onclose: () => (dialog.remove(), resolve(done)) }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}
