/** Slack's confirmation dialog, which appears before an action is sent. */
import { h, uid } from "./dom.js";
import { textNodes } from "./mrkdwn.js";
import { trapTab } from "./focus.js";

/**
 * Show the dialog. Resolves to true if the person confirms. Escape, the deny button and the backdrop cancel.
 * @param {object} confirm a confirmation dialog object of Block Kit
 */
export function ask(confirm) {
  return new Promise((resolve) => {
    const [titleId, textId] = [uid("confirm"), uid("confirm-text")];
    const before = document.activeElement;
    const answer = (yes) => {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(yes);
    };
    const style = confirm.style === "danger" ? "button--danger" : "button--primary";
    const yes = h(
      "button.button",
      { type: "button", class: style, onclick: () => answer(true) },
      textNodes(confirm.confirm ?? { text: "Yes" }),
    );
    const no = h(
      "button.button",
      { type: "button", onclick: () => answer(false) },
      textNodes(confirm.deny ?? { text: "Cancel" }),
    );
    const dialog = h(
      "dialog.confirm",
      {
        role: "alertdialog",
        "aria-modal": "true",
        "aria-labelledby": titleId,
        "aria-describedby": textId,
        onkeydown: (event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            answer(false);
          }
          trapTab(dialog, event);
        },
        oncancel: (event) => event.preventDefault(),
        onpointerdown: (event) => event.target === dialog && answer(false),
      },
      h(
        "div.confirm__box",
        {},
        h("h2.confirm__title", { id: titleId }, textNodes(confirm.title ?? { text: "Are you sure?" })),
        h("div.confirm__text", { id: textId }, textNodes(confirm.text)),
        h("div.confirm__buttons", {}, no, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}
