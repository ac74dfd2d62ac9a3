/** Short notices at the bottom of the page, and the hidden region for screen readers. */
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 9000;
const toasts = new Map();

/** Show a notice. Showing the same text again only makes it stay longer. An open modal shows it instead. */
export function toast(text) {
  const dialog = [...document.querySelectorAll("dialog.modal[open]")].at(-1);
  const host = dialog?.querySelector(".modal__notice") ?? document.getElementById("toasts");
  const known = toasts.get(text);
  if (known?.node.isConnected) {
    clearTimeout(known.timer);
    known.timer = setTimeout(() => dismiss(text), SHOWN_MS);
    return;
  }
  const node = h(
    "div.toast",
    { role: "alert" },
    icon("alert"),
    h("span.toast__text", {}, text),
    h(
      "button.icon-button",
      { type: "button", "aria-label": "Dismiss", onclick: () => dismiss(text) },
      icon("close", 16),
    ),
  );
  host.append(node);
  toasts.set(text, { node, timer: setTimeout(() => dismiss(text), SHOWN_MS) });
}

function dismiss(text) {
  const known = toasts.get(text);
  if (!known) return;
  clearTimeout(known.timer);
  known.node.remove();
  toasts.delete(text);
}

/** Announce a text to screen readers. */
export function announce(text) {
  fill(document.getElementById("announcer"), h("p", {}, text));
}
