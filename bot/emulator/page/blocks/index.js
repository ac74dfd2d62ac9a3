/** The registry of block types. */
import { h } from "../dom.js";
import { mrkdwn } from "../mrkdwn.js";
import { actions, contextActions } from "./actions.js";
import { image } from "./image.js";
import { input } from "./input.js";
import { markdownBlock } from "./markdown.js";
import { alert, card, carousel, chart, container, plan, task } from "./presentation.js";
import { richText } from "./rich_text.js";
import { context, divider, header, section } from "./section.js";
import { dataTable, table } from "./table.js";

/**
 * @typedef {object} Drawn
 * @property {HTMLElement} node
 * @property {import("../elements/index.js").Field[]} [fields]
 * @property {(text: string|null) => void} [showError]
 * @property {Drawn[]} [inputs] the input blocks in it, each of which can show an error
 */

const BLOCKS = {
  actions,
  alert,
  card,
  carousel,
  container,
  context,
  context_actions: contextActions,
  data_table: dataTable,
  data_visualization: chart,
  divider,
  header,
  image,
  input,
  markdown: markdownBlock,
  plan,
  rich_text: richText,
  section,
  table,
  task_card: task,
  // The text of a message without blocks, which is drawn like a block.
  message_text: (block) => ({ node: h("div.block-text", {}, mrkdwn(block.text)) }),
};

/** Draw one block for a surface. @returns {Drawn} */
export function drawBlock(block, surface) {
  const draw = BLOCKS[block.type];
  const drawn = draw ? draw(block, surface) : { node: unknown(block) };
  drawn.node.classList.add("block");
  if (block.block_id) drawn.node.dataset.blockId = block.block_id;
  drawn.node.dataset.blockType = block.type;
  return { fields: [], inputs: drawn.showError ? [drawn] : [], ...drawn };
}

const unknown = (block) => h("p.block-unknown", {}, `The emulator cannot show “${block.type}” blocks.`);
