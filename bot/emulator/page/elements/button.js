/** Buttons: default, primary and danger, with or without a link. */
import { h, safeUrl } from "../dom.js";
import { textNodes } from "../mrkdwn.js";

const STYLES = { primary: "button--primary", danger: "button--danger" };

export function button(element, env) {
  const node = h(
    "button.button.button--block",
    {
      type: "button",
      class: STYLES[element.style] ?? "",
      "aria-label": element.accessibility_label,
      onclick: () => {
        const url = safeUrl(element.url);
        if (url) window.open(url, "_blank", "noopener");
        env.fire();
      },
    },
    h("span.button__text", {}, textNodes(element.text)),
  );
  return { node, control: node };
}
