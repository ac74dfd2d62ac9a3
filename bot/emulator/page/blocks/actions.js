/** A row of interactive elements. */
import { h } from "../dom.js";
import { drawElement } from "../elements/index.js";
import { plainText } from "../mrkdwn.js";

export function actions(block, surface) {
  const fields = block.elements.map((element) =>
    drawElement(element, {
      surface,
      blockId: block.block_id,
      name: plainText(element.placeholder),
      dispatch: true,
    }),
  );
  return {
    node: h(
      "div.actions",
      {},
      fields.map(({ node }) => node),
    ),
    fields,
  };
}

/** Feedback and icon buttons below an assistant's message. */
export function contextActions(block, surface) {
  const parts = block.elements.flatMap((element) =>
    element.type === "feedback_buttons"
      ? [element.positive_button, element.negative_button].map((button) => ({
          ...button,
          type: "button",
          action_id: element.action_id,
        }))
      : [{ ...element, type: "button" }],
  );
  return actions({ ...block, elements: parts }, surface);
}
