/** The rich text input: an editable box with a small toolbar. */
import { richTextNodes } from "../blocks/rich_text.js";
import { fill, h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { plainText } from "../mrkdwn.js";
import { readRichText } from "./rich_text_value.js";

/** `document.execCommand` is deprecated, but nothing else keeps the browser's own undo history. */
const command = (name, argument = null) => document.execCommand(name, false, argument);

const TOOLS = [
  ["Bold", "bold", () => command("bold"), "b"],
  ["Italic", "italic", () => command("italic"), "i"],
  ["Strikethrough", "strike", () => command("strikeThrough"), null],
  ["Code", "code", wrapCode, null],
  ["Numbered list", "numbers", () => command("insertOrderedList"), null],
  ["Bulleted list", "bullets", () => command("insertUnorderedList"), null],
  ["Quote", "quote", () => command("formatBlock", "blockquote"), null],
];

function wrapCode() {
  const selection = getSelection();
  const text = selection.toString();
  const inside = (selection.anchorNode?.parentElement ?? null)?.closest("code");
  if (inside) inside.replaceWith(...inside.childNodes);
  else if (text) {
    const code = h("code", {}, text);
    const range = selection.getRangeAt(0);
    range.deleteContents();
    range.insertNode(code);
    selection.selectAllChildren(code);
  }
}

export function richTextInput(element, env) {
  const box = h("div.rich-input__box", {
    contenteditable: "true",
    role: "textbox",
    "aria-multiline": "true",
    "data-placeholder": plainText(element.placeholder) || null,
    oninput: () =>
      box.classList.toggle("rich-input__box--empty", !box.textContent.trim() && !box.querySelector("li")),
    onpaste: (event) => {
      event.preventDefault();
      const text = event.clipboardData.getData("text/plain");
      const url = getSelection().isCollapsed ? null : safeUrl(text);
      if (url) command("createLink", url);
      else command("insertText", text);
    },
  });
  const tools = TOOLS.map(([name, sign, run, key]) =>
    h(
      "button.icon-button",
      {
        type: "button",
        "aria-label": name,
        title: key ? `${name} (Ctrl+${key.toUpperCase()})` : name,
        tabindex: "-1",
        onmousedown: (event) => event.preventDefault(),
        onclick: () => {
          box.focus();
          run();
          box.dispatchEvent(new Event("input"));
        },
      },
      icon(sign, 18),
    ),
  );
  const bar = h(
    "div.rich-input__tools",
    { role: "toolbar", "aria-label": "Formatting", onkeydown: (event) => arrows(event, tools) },
    tools,
  );
  tools[0].tabIndex = 0;
  const node = h("div.rich-input", {}, bar, box);
  const value = () => ({ type: element.type, rich_text_value: readRichText(box) });
  const restore = (state) => {
    fill(box, state.rich_text_value ? richTextNodes(state.rich_text_value) : []);
    box.dispatchEvent(new Event("input"));
  };
  restore({ rich_text_value: element.initial_value });
  if (env.dispatch) box.addEventListener("blur", () => env.fire(value()));
  return { node, control: box, value, restore };
}

/** The toolbar is one Tab stop. The arrow keys move inside it. */
function arrows(event, tools) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = (tools.indexOf(document.activeElement) + step + tools.length) % tools.length;
  tools.forEach((tool, i) => (tool.tabIndex = i === at ? 0 : -1));
  tools[at].focus();
}
