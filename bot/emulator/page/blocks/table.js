/** The `table` block: rows of raw or rich text cells. The first row is the header. */
import { h } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { richTextNodes } from "./rich_text.js";

export const table = (block) => ({ node: drawn(block, "Table") });

/** The `data_table` block: a table with a caption, in which one column names the rows. */
export function dataTable(block) {
  const node = drawn(block, `Table: ${block.caption}`, block.row_header_column_index ?? 0);
  node.querySelector("table").prepend(h("caption.table-caption", {}, block.caption));
  return { node };
}

function drawn(block, label, rowHeader = null) {
  const settings = block.column_settings ?? [];
  const cell = (tag, scope) => (content, i) =>
    h(
      tag,
      {
        scope,
        class: settings[i]?.is_wrapped ? "" : "nowrap",
        style: { "text-align": settings[i]?.align ?? "left" },
      },
      cellNodes(content),
    );
  const [head = [], ...rows] = block.rows ?? [];
  const bodyCell = (content, i) => cell(...(i === rowHeader ? ["th", "row"] : ["td"]))(content, i);
  return h(
    "div.table-scroll",
    { tabindex: "0", role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map(cell("th", "col")))),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, row.map(bodyCell))),
      ),
    ),
  );
}

function cellNodes(cell) {
  if (cell?.type === "rich_text") return richTextNodes(cell);
  return withEmoji(cell?.text ?? (cell?.value === undefined ? "" : String(cell.value)));
}
