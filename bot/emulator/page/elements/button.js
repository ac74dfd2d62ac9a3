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

/** Two buttons, of which one says which value the person chose. */
export function feedbackButtons(element, env) {
  const choices = [element.positive_button, element.negative_button].map((choice) =>
    button({ text: choice.text, accessibility_label: choice.accessibility_label }, {
      fire: () => env.fire({ value: choice.value }),
    }),
  );
  const node = h(
    "span.feedback",
    { role: "group", "aria-label": "Feedback" },
    choices.map((choice) => choice.node),
  );
  return { node, control: node, isGroup: true };
}
