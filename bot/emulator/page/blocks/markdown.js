/** The `markdown` block. */
import { h } from "../dom.js";
import { markdown } from "../markdown.js";

export const markdownBlock = (block) => ({ node: h("div.markdown", {}, markdown(block.text)) });
