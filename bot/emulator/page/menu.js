/** A button that opens a menu. The keyboard works as in ARIA's menu button pattern. */
import { h } from "./dom.js";
import { openPopup } from "./popup.js";

/**
 * Make `button` open a menu.
 * @param {HTMLButtonElement} button
 * @param {{label: string, alignEnd?: boolean, columns?: number, header?: () => Node, items: () => Array<{content: any, checked?: boolean,
 *   onchoose: () => void}>}} options with `checked` on the items, it is a single choice.
 */
export function attachMenu(button, { label, items, alignEnd = false, header = null, columns = 1 }) {
  let close = null;
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");

  function shut(refocus = true) {
    if (!close) return;
    close();
    close = null;
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  }

  function open(atEnd = false) {
    const entries = items().map(({ content, checked, onchoose }) =>
      h(
        "button.menu__item",
        {
          type: "button",
          role: checked === undefined ? "menuitem" : "menuitemradio",
          "aria-checked": checked === undefined ? null : String(checked),
          tabindex: "-1",
          onclick: () => {
            shut();
            onchoose();
          },
        },
        content,
      ),
    );
    const menu = h(
      `div.menu${columns > 1 ? ".menu--grid" : ""}`,
      { style: { "--columns": columns }, onkeydown: (event) => keydown(event, entries) },
      header?.(),
      h("div", { role: "menu", "aria-label": label }, entries),
    );
    close = openPopup(menu, button, { alignEnd, onDismiss: () => shut(false) });
    button.setAttribute("aria-expanded", "true");
    (
      entries.find((entry) => entry.getAttribute("aria-checked") === "true") ?? entries.at(atEnd ? -1 : 0)
    )?.focus();
  }

  function keydown(event, entries) {
    const at = entries.indexOf(document.activeElement);
    const moves = { ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: entries.length - 1 };
    if (columns > 1) Object.assign(moves, { ArrowRight: at + 1, ArrowLeft: at - 1 });
    if (event.key in moves) entries.at(moves[event.key] % entries.length)?.focus();
    else if (event.key === "Escape") shut();
    else if (event.key === "Tab") return shut();
    else return undefined;
    event.preventDefault();
    return event.stopPropagation();
  }

  button.addEventListener("click", () => (close ? shut() : open()));
  button.addEventListener("keydown", (event) => {
    if (close || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    open(event.key === "ArrowUp");
  });
}
