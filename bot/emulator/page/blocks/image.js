/** An image with an optional title. */
import { h } from "../dom.js";
import { textNodes } from "../mrkdwn.js";
import { picture } from "./section.js";

export function image(block) {
  return {
    node: h(
      "figure.image-block",
      {},
      block.title && h("figcaption.image-block__title", {}, textNodes(block.title)),
      picture(block, "image-block__picture"),
    ),
  };
}
