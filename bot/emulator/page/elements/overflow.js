/** The overflow menu: three dots with up to five options. */
import { h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { attachMenu } from "../menu.js";
import { textNodes } from "../mrkdwn.js";

export function overflow(element, env) {
  const node = h(
    "button.button.button--block.button--icon",
    { type: "button", "aria-label": "More actions" },
    icon("more"),
  );
  attachMenu(node, {
    label: "More actions",
    alignEnd: true,
    items: () =>
      element.options.map((option) => ({
        content: [
          h("span.menu__text", {}, textNodes(option.text)),
          option.description && h("span.menu__description", {}, textNodes(option.description)),
        ],
        onchoose: () => {
          const url = safeUrl(option.url);
          if (url) window.open(url, "_blank", "noopener");
          env.fire({ type: "overflow", selected_option: option });
        },
      })),
  });
  return { node, control: node };
}
