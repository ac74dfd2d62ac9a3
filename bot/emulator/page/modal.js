/** A modal: the title, blocks and buttons of a view, its values and errors, and its busy state. */
import { showFailure } from "./actions.js";
import { closeView, submitView } from "./api.js";
import { BlockList } from "./blocks/list.js";
import { fill, h, uid } from "./dom.js";
import { focusInside, tabStops, trapTab } from "./focus.js";
import { icon } from "./icons.js";
import { textNodes } from "./mrkdwn.js";
import { avatar } from "./people.js";
import { state } from "./state.js";
import { announce } from "./toast.js";

const same = (one, other) => JSON.stringify(one ?? {}) === JSON.stringify(other ?? {});

export class Modal {
  #hash = null;
  #errors = {};
  #busy = false;

  /** @param {object} view @param {{closeAll: () => void}} stack */
  constructor(view, { closeAll }) {
    this.id = view.id;
    const titleId = uid("title");
    const { app } = state.workspace;
    this.title = h("h2.modal__title", { id: titleId });
    this.body = h("div.modal__blocks");
    this.summary = h("div.modal__summary", { role: "alert", hidden: true });
    this.scroll = h("div.modal__body", { tabindex: "-1" }, this.summary, this.body);
    this.cancel = h("button.button", { type: "button", onclick: () => this.requestClose() });
    this.submit = h("button.button.button--primary", { type: "submit" });
    this.form = h(
      "form.modal__form",
      {
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.#send();
        },
      },
      h(
        "div.modal__head",
        {},
        avatar({ id: app.bot_user_id, name: app.name, app: true }, "medium"),
        this.title,
        h("button.icon-button", { type: "button", "aria-label": "Close", onclick: closeAll }, icon("close")),
      ),
      this.scroll,
      h("div.modal__notice"),
      h("div.modal__foot", {}, h("span.modal__app", {}, app.name), this.cancel, this.submit),
    );
    this.node = h(
      "dialog.modal",
      {
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": titleId,
        dataset: { viewId: view.id },
        onkeydown: (event) => this.#keydown(event),
        oncancel: (event) => event.preventDefault(),
      },
      this.form,
    );
    this.blocks = new BlockList(this.body, { kind: "modal", place: { view_id: view.id } });
    this.update(view);
    // After a reload of the page, restore what was entered.
    this.blocks.restore(view.state?.values ?? {});
  }

  /** Draw the current state of the view. Fields that stay keep their values. */
  update(view) {
    if (view.hash === undefined || view.hash !== this.#hash) {
      this.#hash = view.hash;
      this.node.dataset.callbackId = view.callback_id ?? "";
      fill(this.title, textNodes(view.title));
      fill(this.cancel, view.close ? textNodes(view.close) : view.submit ? "Cancel" : "Close");
      fill(this.submit, h("span.button__text", {}, view.submit ? textNodes(view.submit) : ""));
      this.submit.hidden = !view.submit;
      this.blocks.update(view.blocks);
      if (Object.keys(this.#errors).length) this.blocks.showErrors(this.#errors);
    }
    if (Object.keys(view.errors ?? {}).length && !this.#busy) this.#showErrors(view.errors, false);
  }

  /** Show the modal on top of the page. */
  show() {
    if (this.node.open) return;
    this.node.showModal();
    const wanted = this.body.querySelector("[data-focus-on-load]");
    const field = this.blocks.fields.find((each) => each.value);
    if (wanted ?? field) focusInside(wanted ?? field.control);
    else (this.submit.hidden ? this.cancel : this.submit).focus();
    this.scroll.scrollTop = 0;
  }

  hide() {
    if (this.node.open) this.node.close();
  }

  remove() {
    this.hide();
    this.node.remove();
  }

  /** Ask the workspace to close this view. The new stack removes the modal. */
  async requestClose() {
    if (this.#busy) return;
    this.#wait(true, this.cancel);
    const answer = await closeView(this.id);
    this.#wait(false, this.cancel);
    if (!answer.ok) showFailure(answer);
  }

  async #send() {
    if (this.#busy || this.submit.hidden) return;
    this.#showErrors({}, false);
    const problems = this.blocks.problems();
    if (Object.keys(problems).length) return this.#showErrors(problems, true);
    this.#wait(true, this.submit);
    const answer = await submitView(this.id, this.blocks.values());
    this.#wait(false, this.submit);
    const errors =
      answer.errors ?? (answer.response?.response_action === "errors" ? answer.response.errors : null);
    if (errors) return this.#showErrors(errors, true);
    return answer.ok ? undefined : showFailure(answer);
  }

  #wait(busy, button) {
    this.#busy = busy;
    if (busy) this.form.setAttribute("aria-busy", "true");
    else this.form.removeAttribute("aria-busy");
    if (busy) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
    if (busy) announce("Waiting for the app");
    this.submit.setAttribute("aria-disabled", String(busy));
  }

  #showErrors(errors, moveFocus) {
    const changed = !same(errors, this.#errors);
    this.#errors = errors;
    if (!changed && !moveFocus) return;
    const { first, unplaced } = this.blocks.showErrors(errors);
    this.summary.hidden = unplaced.length === 0;
    fill(
      this.summary,
      unplaced.map((text) => h("p.modal__error", {}, icon("bang", 18), h("span", {}, text))),
    );
    if (unplaced.length) this.scroll.scrollTop = 0;
    if (first && Object.keys(errors).length) focusInside(first.control);
  }

  #keydown(event) {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      this.requestClose();
    }
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !event.defaultPrevented) {
      event.preventDefault();
      this.#send();
    }
    trapTab(this.node, event);
  }

  /** Restore the focus after a redraw. */
  keepFocus() {
    if (this.node.open && !this.node.contains(document.activeElement))
      (tabStops(this.body)[0] ?? this.cancel).focus();
  }
}
