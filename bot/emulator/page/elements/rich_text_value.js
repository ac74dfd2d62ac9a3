/** Converts between the content of an editable element and Slack's `rich_text` value. */

const MARKS = {
  B: "bold",
  STRONG: "bold",
  I: "italic",
  EM: "italic",
  S: "strike",
  STRIKE: "strike",
  DEL: "strike",
  CODE: "code",
  U: "underline",
};
const LISTS = { UL: "bullet", OL: "ordered" };

/** @returns {object|null} the rich_text value of the content of `root`, null if it is empty */
export function readRichText(root) {
  if (!root.textContent.trim()) return null;
  const parts = [];
  let section = null;
  const close = () => {
    trimBreak(section);
    section = null;
  };
  const write = (element) => {
    if (!section) parts.push((section = { type: "rich_text_section", elements: [] }));
    section.elements.push(element);
  };

  function walk(node, style) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data)
        write({ type: "text", text: node.data, ...(Object.keys(style).length ? { style } : {}) });
    } else if (node.tagName === "BR") write({ type: "text", text: "\n" });
    else if (LISTS[node.tagName]) (close(), parts.push(...lists(node, 0)));
    else if (node.tagName === "BLOCKQUOTE" || node.tagName === "PRE") {
      close();
      parts.push({
        type: node.tagName === "PRE" ? "rich_text_preformatted" : "rich_text_quote",
        elements: inlineOf(node),
      });
    } else if (node.tagName === "A") {
      write({
        type: "link",
        url: node.href,
        text: node.textContent,
        ...(Object.keys(style).length ? { style } : {}),
      });
    } else {
      const mark = MARKS[node.tagName];
      const isLine = node.tagName === "DIV" || node.tagName === "P";
      if (isLine && section) write({ type: "text", text: "\n" });
      for (const child of node.childNodes) walk(child, mark ? { ...style, [mark]: true } : style);
    }
  }
  for (const child of root.childNodes) walk(child, {});
  close();
  return { type: "rich_text", elements: parts.filter((part) => part.elements.length) };
}

/** The browser itself adds the `<br>` at the end of a line. */
function trimBreak(section) {
  const last = section?.elements.at(-1);
  if (last?.text === "\n") section.elements.pop();
}

function inlineOf(node) {
  const value = readRichText({ textContent: node.textContent, childNodes: node.childNodes });
  return value?.elements.flatMap((part) => part.elements) ?? [];
}

/** A list and its nested lists, which Slack stores side by side with an indent. */
function lists(node, indent) {
  const parts = [];
  let current = null;
  for (const item of node.children) {
    const nested = LISTS[item.tagName] ? [item] : [...item.children].filter((child) => LISTS[child.tagName]);
    const own = LISTS[item.tagName] ? [] : [...item.childNodes].filter((child) => !nested.includes(child));
    const elements = inlineOf({
      textContent: own.map((child) => child.textContent).join(""),
      childNodes: own,
    });
    if (elements.length) {
      if (!current)
        parts.push((current = { type: "rich_text_list", style: LISTS[node.tagName], indent, elements: [] }));
      current.elements.push({ type: "rich_text_section", elements });
    }
    for (const inner of nested) {
      parts.push(...lists(inner, indent + 1));
      current = null;
    }
  }
  return parts;
}
