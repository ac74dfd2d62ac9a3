/** The `table` block: rows of raw or rich text cells. The first row is the header. */
import { h } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { richTextNodes } from "./rich_text.js";

export function table(block) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (content, i) =>
    h(
      tag,
      {
        scope: tag === "th" && "col",
        class: settings[i]?.is_wrapped ? "" : "nowrap",
        style: { "text-align": settings[i]?.align ?? "left" },
      },
      cellNodes(content),
    );
  const [head = [], ...rows] = block.rows ?? [];
  return {
    node: h(
      "div.table-scroll",
      { tabindex: "0", role: "region", "aria-label": "Table" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, head.map(cell("th")))),
        h(
          "tbody",
          {},
          rows.map((row) => h("tr", {}, row.map(cell("td")))),
        ),
      ),
    ),
  };
}

function cellNodes(cell) {
  if (cell?.type === "rich_text") return richTextNodes(cell);
  return withEmoji(cell?.text ?? (cell?.value === undefined ? "" : String(cell.value)));
}
