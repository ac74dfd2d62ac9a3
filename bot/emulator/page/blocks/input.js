/** The `input` block: a label, an element, a hint and an error. */
import { fill, h, uid } from "../dom.js";
import { drawElement } from "../elements/index.js";
import { icon } from "../icons.js";
import { plainText, textNodes } from "../mrkdwn.js";

export function input(block, surface) {
  const [labelId, hintId, errorId] = [uid("label"), uid("hint"), uid("error")];
  const field = drawElement(block.element, {
    surface,
    blockId: block.block_id,
    labelId,
    describedBy: block.hint ? hintId : null,
    name: plainText(block.label),
    required: !block.optional,
    dispatch: Boolean(block.dispatch_action),
    isInput: true,
  });
  const words = [textNodes(block.label), block.optional && h("span.input__optional", {}, " (optional)")];
  const label = field.isGroup
    ? h("div.input__label", { id: labelId }, words)
    : h("label.input__label", { id: labelId, for: field.control.id }, words);
  const error = h("div.input__error", { id: errorId, role: "alert", hidden: true });
  const node = h(
    "div.input",
    {},
    label,
    field.node,
    error,
    block.hint && h("div.input__hint", { id: hintId }, textNodes(block.hint)),
  );

  function showError(text) {
    const described = [text !== null && errorId, block.hint && hintId].filter(Boolean).join(" ");
    node.classList.toggle("input--invalid", text !== null);
    error.hidden = text === null;
    fill(error, text !== null && [icon("bang", 16), h("span", {}, text)]);
    if (text === null) field.control.removeAttribute("aria-invalid");
    else field.control.setAttribute("aria-invalid", "true");
    if (described) field.control.setAttribute("aria-describedby", described);
    else field.control.removeAttribute("aria-describedby");
  }
  return { node, fields: [field], showError };
}
