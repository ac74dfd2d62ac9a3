/** Builds DOM nodes. Text always becomes a text node, so text from people is never parsed as HTML. */

const SVG = "http://www.w3.org/2000/svg";
let counter = 0;

/** A unique id, to connect labels, hints and errors with their control. */
export const uid = (prefix = "id") => `${prefix}-${++counter}`;

/**
 * Build an element: `h("button.primary", { type: "button", onclick }, "Save")`.
 * Properties starting with `on` become listeners, `dataset` and `style` are merged, `null`, `undefined` and `false`
 * are left out, `true` becomes an empty attribute. Children may be nodes, strings, numbers, arrays, or nothing.
 * @returns {HTMLElement}
 */
export function h(selector, props = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  setProps(node, props);
  append(node, children);
  return node;
}

function setProps(node, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, withoutEmpty(value));
    else if (name === "style")
      for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    else if (name === "class") node.classList.add(...value.split(" ").filter(Boolean));
    else node.setAttribute(name, value === true ? "" : value);
  }
}

const withoutEmpty = (data) =>
  Object.fromEntries(Object.entries(data).filter(([, v]) => v !== undefined && v !== null));

/** Append children of the kinds that `h` accepts. */
export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

/** Replace all children of `node`. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** Build an SVG element with attributes and SVG children. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * Make the children of `parent` exactly `wanted`, moving as few nodes as possible: a node that stays where it is
 * keeps its focus, selection and scroll position.
 */
export function syncChildren(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  let cursor = parent.firstChild;
  for (const node of wanted) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
}

/** The allowed schemes of links. Others (`javascript:`, `data:`) are shown as plain text. */
export function safeUrl(url) {
  return /^(https?:|mailto:|tel:)/i.test(String(url ?? "").trim()) ? String(url).trim() : null;
}

/** A link, or plain text if the scheme of the address is not allowed. */
export function link(url, ...children) {
  const href = safeUrl(url);
  if (!href) return h("span", {}, ...children);
  return h("a.link", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
