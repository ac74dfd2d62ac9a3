/** A select: a text box for searching, a list below it, and chips for multiple choices. */
import { fill, h, uid } from "../dom.js";
import { icon } from "../icons.js";
import { openPopup } from "../popup.js";
import { Listbox } from "./listbox.js";

const TYPING_MS = 200;

/**
 * @param {{source: import("./sources.js").Source, multi: boolean, most: number, placeholder: string, clearable: boolean,
 *   chosen: import("./sources.js").Item[], onchange: () => void}} settings
 */
export function drawCombobox({ source, multi, most, placeholder, clearable, chosen, onchange }) {
  let items = chosen;
  let close = null;
  let typed = "";
  let asked = 0;
  let timer = null;

  const list = new Listbox({ label: placeholder, multi, onpick: pick });
  const input = h("input.select__input", {
    type: "text",
    role: "combobox",
    id: uid("select"),
    autocomplete: "off",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.list.id,
    onkeydown: keydown,
    oninput: () => {
      typed = input.value;
      open();
      ask(TYPING_MS);
    },
    onblur: shut,
  });
  const chips = h("span.select__chips");
  const clear =
    clearable &&
    h(
      "button.icon-button.select__clear",
      {
        type: "button",
        "aria-label": "Clear",
        onmousedown: (event) => event.preventDefault(),
        onclick: (event) => {
          event.stopPropagation();
          set([]);
          input.focus();
        },
      },
      icon("close", 14),
    );
  const node = h(
    "div.select",
    { class: multi ? "select--multi" : "" },
    h("span.select__main", {}, chips, input),
    clear,
    h("span.select__arrow", {}, icon("chevron", 16)),
  );
  node.addEventListener("mousedown", (event) => {
    if (event.target.closest("button")) return;
    // Select the text on opening, so that typing replaces it. The press itself would only set the caret.
    if (event.target !== input || !close) event.preventDefault();
    input.focus();
    if (close && event.target !== input) shut();
    else open();
  });
  list.onactive = (id) =>
    id ? input.setAttribute("aria-activedescendant", id) : input.removeAttribute("aria-activedescendant");

  const isChosen = (item) => items.some((each) => each.key === item.key);
  const isOff = (item) => multi && items.length >= most && !isChosen(item);

  function open() {
    if (close) return;
    if (!multi && typed === "") input.select();
    close = openPopup(list.node, node, { matchWidth: true, onDismiss: shut });
    input.setAttribute("aria-expanded", "true");
    node.classList.add("select--open");
    ask(0);
  }

  function shut() {
    clearTimeout(timer);
    asked++;
    typed = "";
    close?.();
    close = null;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    node.classList.remove("select--open");
    show();
  }

  /** Load the matching options after a pause in the typing. Outdated responses are ignored. */
  function ask(delay) {
    clearTimeout(timer);
    const mine = ++asked;
    if (source.minimum === undefined) return offer(source.load(typed));
    if (typed.length < source.minimum) {
      return list.clear(
        `Type ${source.minimum === 1 ? "a letter" : `${source.minimum} letters`} or more to search`,
      );
    }
    timer = setTimeout(async () => {
      list.tell("Searching…");
      try {
        const groups = await source.load(typed);
        if (mine === asked && close) offer(groups);
      } catch (error) {
        if (mine === asked && close) list.clear(error.message);
      }
    }, delay);
    return undefined;
  }

  function offer(groups) {
    list.show(groups, { isChosen, isOff });
    if (multi && items.length >= most) list.tell(`You can choose at most ${most}`);
  }

  function pick(item) {
    if (!multi) {
      set([item]);
      return shut();
    }
    typed = "";
    set(isChosen(item) ? items.filter((each) => each.key !== item.key) : [...items, item]);
    return ask(0);
  }

  function set(next) {
    items = next;
    show();
    onchange();
  }

  function keydown(event) {
    const moves = {
      ArrowDown: () => list.move(1),
      ArrowUp: () => list.move(-1),
      PageDown: () => list.last(),
      PageUp: () => list.first(),
    };
    if (event.key in moves) {
      event.preventDefault();
      if (close) moves[event.key]();
      else open();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (close) list.pick();
      else open();
    } else if (event.key === "Escape" && close) {
      event.preventDefault();
      event.stopPropagation();
      shut();
    } else if (event.key === "Backspace" && multi && input.value === "" && items.length)
      set(items.slice(0, -1));
  }

  function show() {
    const [only] = items;
    input.value = multi ? typed : (only?.text ?? "");
    input.placeholder = multi && items.length ? "" : placeholder;
    node.classList.toggle("select--empty", items.length === 0);
    if (clear) clear.hidden = items.length === 0;
    fill(
      chips,
      multi &&
        items.map((item) =>
          h(
            "span.chip",
            {},
            h("span.chip__text", {}, item.draw()),
            h(
              "button.chip__remove",
              {
                type: "button",
                "aria-label": `Remove ${item.text}`,
                onmousedown: (event) => event.preventDefault(),
                onclick: () => {
                  set(items.filter((each) => each !== item));
                  input.focus();
                },
              },
              icon("close", 12),
            ),
          ),
        ),
    );
  }

  show();
  return {
    node,
    input,
    chosen: () => items,
    choose: (next) => {
      items = next;
      show();
    },
  };
}
