/** The person's open views as modals. Only the top one is shown; the others keep their values. */
import { closeView } from "./api.js";
import { Modal } from "./modal.js";
import { on, state } from "./state.js";

/** @param {{focusPage: () => void}} page sets the focus after the last modal was closed */
export function watchModals({ focusPage }) {
  const modals = new Map();
  let opener = null;

  /** The X button of a stacked modal: as in Slack, it closes the whole stack. */
  async function closeAll() {
    for (const view of [...state.views].reverse()) {
      const answer = await closeView(view.id);
      if (!answer.ok) return;
    }
  }

  function draw() {
    if (!state.workspace) return;
    const ids = new Set(state.views.map((view) => view.id));
    const had = modals.size > 0;
    if (!had) opener = document.activeElement;
    for (const [id, modal] of modals) {
      if (ids.has(id)) continue;
      modal.remove();
      modals.delete(id);
    }
    for (const view of state.views) {
      if (modals.has(view.id)) modals.get(view.id).update(view);
      else {
        modals.set(view.id, new Modal(view, { closeAll }));
        document.body.append(modals.get(view.id).node);
      }
    }
    const top = modals.get(state.views.at(-1)?.id);
    for (const modal of modals.values()) if (modal !== top) modal.hide();
    top?.node.classList.toggle("modal--stacked", state.views.length > 1);
    top?.node.classList.toggle("modal--first", state.views.length === 1 && !had);
    top?.show();
    top?.keepFocus();
    if (had && !top) giveBack();
  }

  /** Return the focus to the control that opened the modal, or its replacement, or the composer. */
  function giveBack() {
    const action = opener?.dataset?.actionId;
    const ts = opener?.closest?.("[data-ts]")?.dataset.ts;
    const again =
      action &&
      ts &&
      document.querySelector(`[data-ts="${CSS.escape(ts)}"] [data-action-id="${CSS.escape(action)}"]`);
    const target = opener?.isConnected && opener !== document.body ? opener : again;
    if (target) target.focus();
    else focusPage();
  }

  on("views", draw);
  draw();
}
