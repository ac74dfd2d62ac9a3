/** A row of interactive elements. */
import { h } from "../dom.js";
import { drawElement } from "../elements/index.js";
import { plainText } from "../mrkdwn.js";
import { state } from "../state.js";

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

/** Feedback and icon buttons below an answer. Some are for certain people only. */
export function contextActions(block, surface) {
  const elements = block.elements.filter((each) => each.visible_to_user_ids?.includes(state.me) ?? true);
  return actions({ ...block, elements }, surface);
}
