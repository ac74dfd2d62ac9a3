/** The standard Markdown of Slack's `markdown` block as DOM nodes. HTML is never parsed. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { markdownInline } from "./markdown_inline.js";

const FENCE = /^ {0,3}(```+|~~~+)\s*(\S*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}>\s?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TASK = /^\[([ xX])\]\s+/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** The nodes of a whole document. */
export function markdown(text) {
  return blocks(
    String(text ?? "")
      .replace(/\r\n?/g, "\n")
      .replace(/\t/g, "    ")
      .split("\n"),
  );
}

function blocks(lines) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const reader = READERS.find(({ starts }) => starts(lines, at));
    const [node, next] = reader.read(lines, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

const READERS = [
  { starts: (lines, at) => !lines[at].trim(), read: (lines, at) => [null, at + 1] },
  { starts: (lines, at) => FENCE.test(lines[at]), read: readFence },
  { starts: (lines, at) => HEADING.test(lines[at]), read: readHeading },
  { starts: (lines, at) => RULE.test(lines[at]), read: (lines, at) => [h("hr"), at + 1] },
  { starts: (lines, at) => QUOTE.test(lines[at]), read: readQuote },
  { starts: (lines, at) => ITEM.test(lines[at]), read: readList },
  { starts: startsTable, read: readTable },
  { starts: () => true, read: readParagraph },
];

function readFence(lines, at) {
  const fence = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(fence)) end++;
  return [h("pre", { tabindex: "0" }, h("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function readHeading(lines, at) {
  const [, marks, words] = HEADING.exec(lines[at]);
  // The page itself uses headings up to level 2, so those of a message start below.
  const level = Math.min(marks.length + 2, 6);
  return [h(`h${level}.md-heading.md-heading--${marks.length}`, {}, markdownInline(words)), at + 1];
}

function readQuote(lines, at) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end++;
  return [h("blockquote", {}, blocks(lines.slice(at, end).map((line) => line.replace(QUOTE, "")))), end];
}

/** Indented lines belong to an item. A blank line ends the list unless an item or an indented line follows. */
function readList(lines, at) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    const depth = /^\s*/.exec(lines[end])[0].length;
    if (item && depth <= indent.length + 1 && /\d/.test(item[2]) === ordered) items.push([item[3]]);
    else if (item && depth <= indent.length) break;
    else if (!lines[end].trim() && !continues(lines[end + 1], indent.length)) break;
    else if (lines[end].trim() && depth <= indent.length && !lines[end - 1]?.trim()) break;
    else items.at(-1).push(lines[end].slice(Math.min(depth, indent.length + 2)));
    end++;
  }
  const start = ordered && parseInt(marker, 10) !== 1 ? parseInt(marker, 10) : null;
  return [h(ordered ? "ol" : "ul", { start }, items.map(listItem)), end];
}

const continues = (line, indent) =>
  line !== undefined && (ITEM.test(line) || (line.trim() && /^\s*/.exec(line)[0].length > indent));

function listItem([first, ...rest]) {
  const task = TASK.exec(first);
  const done = task && task[1] !== " ";
  const mark =
    task &&
    h(
      `span.task${done ? ".task--done" : ""}`,
      { role: "img", "aria-label": done ? "done" : "not done" },
      done && icon("check", 12),
    );
  const more = rest.findIndex((line) => !line.trim() || ITEM.test(line) || FENCE.test(line));
  const own = more < 0 ? rest : rest.slice(0, more);
  const words = [task ? first.slice(task[0].length) : first, ...own.map((line) => line.trim())].join("\n");
  return h(
    `li${task ? ".task-item" : ""}`,
    {},
    mark,
    markdownInline(words),
    more < 0 ? [] : blocks(rest.slice(more)),
  );
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function startsTable(lines, at) {
  const next = lines[at + 1];
  return (
    lines[at].includes("|") &&
    next !== undefined &&
    next.includes("-") &&
    DIVIDER.test(next) &&
    cells(lines[at]).length === cells(next).length
  );
}

function readTable(lines, at) {
  const head = cells(lines[at]);
  const align = cells(lines[at + 1]).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left",
  );
  let end = at + 2;
  const rows = [];
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) rows.push(cells(lines[end++]));
  const cell = (tag) => (words, i) =>
    h(
      tag,
      { scope: tag === "th" && "col", style: { "text-align": align[i] ?? "left" } },
      markdownInline(words ?? ""),
    );
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, head.map(cell("th")))),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          {},
          head.map((_, i) => cell("td")(row[i], i)),
        ),
      ),
    ),
  );
  return [h("div.table-scroll", { tabindex: "0", role: "region", "aria-label": "Table" }, table), end];
}

function readParagraph(lines, at) {
  let end = at + 1;
  const stops = READERS.slice(0, -1);
  while (end < lines.length && !stops.some(({ starts }) => starts(lines, end))) end++;
  return [h("p", {}, markdownInline(lines.slice(at, end).join("\n"))), end];
}
