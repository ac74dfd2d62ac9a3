/** The list below a select: groups of options, one of which is active and some of which are chosen. */
import { fill, h, uid } from "../dom.js";
import { icon } from "../icons.js";

/** The maximum number of rows. The others can be found by searching. */
const MOST_ROWS = 200;

export class Listbox {
  #options = [];
  #active = -1;

  /** @param {{label: string, multi: boolean, onpick: (item: object) => void}} settings */
  constructor({ label, multi, onpick }) {
    this.onpick = onpick;
    this.list = h("div.listbox__options", {
      role: "listbox",
      id: uid("listbox"),
      "aria-label": label,
      "aria-multiselectable": multi ? "true" : null,
    });
    this.note = h("div.listbox__note", { role: "status" });
    // A press in the list must not take the focus from the input.
    this.node = h("div.listbox", { onmousedown: (event) => event.preventDefault() }, this.list, this.note);
  }

  /** Draw the groups. `isChosen` marks chosen options, `isOff` those that cannot be added. */
  show(groups, { isChosen, isOff }) {
    const activeKey = this.#options[this.#active]?.item.key;
    this.#options = [];
    this.#active = -1;
    const total = groups.reduce((sum, group) => sum + group.items.length, 0);
    fill(
      this.list,
      groups.map((group) => this.#group(group, isChosen, isOff)),
    );
    this.tell(
      total === 0 ? "No matches" : total > MOST_ROWS ? `${total - MOST_ROWS} more: type to search` : "",
    );
    const same = this.#options.findIndex(({ item }) => item.key === activeKey);
    const chosen = this.#options.findIndex(({ item }) => isChosen(item));
    this.activate(Math.max(same, 0) || Math.max(chosen, 0));
  }

  #group({ label, items }, isChosen, isOff) {
    const rows = items
      .slice(0, MOST_ROWS - this.#options.length)
      .map((item) => this.#option(item, isChosen(item), isOff(item)));
    if (label === null || !rows.length) return rows;
    const id = uid("group");
    return h(
      "div.listbox__group",
      { role: "group", "aria-labelledby": id },
      h("div.listbox__label", { id }, label),
      rows,
    );
  }

  #option(item, chosen, off) {
    const node = h(
      "div.listbox__option",
      {
        role: "option",
        id: uid("option"),
        "aria-selected": String(chosen),
        "aria-disabled": off ? "true" : null,
        "data-value": item.key,
        onclick: () => !off && this.onpick(item),
        onpointermove: () => this.activate(at, false),
      },
      h(
        "span.listbox__main",
        {},
        h("span.listbox__text", {}, item.draw()),
        item.description && h("span.listbox__description", {}, item.description),
      ),
      chosen && icon("check", 16),
    );
    const at = this.#options.push({ node, item, off }) - 1;
    return node;
  }

  /** Show a message below or instead of the options. */
  tell(text) {
    fill(this.note, text);
  }

  /** Empty the list and show the reason. */
  clear(text) {
    this.#options = [];
    this.#active = -1;
    fill(this.list);
    this.tell(text);
  }

  activate(at, scroll = true) {
    this.#options[this.#active]?.node.classList.remove("listbox__option--active");
    this.#active = this.#options.length ? Math.min(Math.max(at, 0), this.#options.length - 1) : -1;
    const node = this.#options[this.#active]?.node;
    node?.classList.add("listbox__option--active");
    if (scroll) node?.scrollIntoView({ block: "nearest" });
    this.onactive?.(node?.id ?? null);
  }

  /** Move the active option, wrapping around at the ends. */
  move(step) {
    const count = this.#options.length;
    if (count) this.activate((this.#active + step + count) % count);
  }

  first() {
    this.activate(0);
  }

  last() {
    this.activate(this.#options.length - 1);
  }

  /** Choose the active option. @returns {boolean} whether there was one */
  pick() {
    const option = this.#options[this.#active];
    if (!option || option.off) return false;
    this.onpick(option.item);
    return true;
  }
}
