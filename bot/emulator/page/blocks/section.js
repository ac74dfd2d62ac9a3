/** Section, header, divider and context blocks. */
import { h, safeUrl } from "../dom.js";
import { drawElement } from "../elements/index.js";
import { plainText, textNodes } from "../mrkdwn.js";

/** A section: text, two columns of fields, and an accessory. */
export function section(block, surface) {
  const accessory = block.accessory && drawAccessory(block, surface);
  const node = h(
    `div.section${accessory ? ".section--accessory" : ""}`,
    {},
    h(
      "div.section__body",
      {},
      block.text && h("div.section__text", {}, textNodes(block.text)),
      block.fields &&
        h(
          "div.section__fields",
          {},
          block.fields.map((field) => h("div.section__field", {}, textNodes(field))),
        ),
    ),
    accessory && h("div.section__accessory", {}, accessory.node),
  );
  return { node, fields: accessory?.actionId ? [accessory] : [] };
}

function drawAccessory(block, surface) {
  if (block.accessory.type === "image") return { node: picture(block.accessory, "section__image") };
  return drawElement(block.accessory, {
    surface,
    blockId: block.block_id,
    name: plainText(block.text),
    dispatch: true,
  });
}

export const header = (block) => ({ node: h("h3.header-block", {}, textNodes(block.text)) });

export const divider = () => ({ node: h("hr.divider-block") });

/** A context block: small grey text and images. */
export function context(block) {
  return {
    node: h(
      "div.context",
      {},
      block.elements.map((element) =>
        element.type === "image"
          ? picture(element, "context__image")
          : h("div.context__text", {}, textNodes(element)),
      ),
    ),
  };
}

/** The image of an image element. Its URL must have an allowed scheme. */
export function picture(element, name) {
  const url = element.image_url ?? element.slack_file?.url;
  const src = safeUrl(url) ?? (/^data:image\//.test(url ?? "") ? url : null);
  return h(`img.${name}`, {
    src,
    alt: element.alt_text ?? "",
    loading: "lazy",
    referrerpolicy: "no-referrer",
  });
}
