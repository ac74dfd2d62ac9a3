/** The list above the composer that completes `/commands` and `@names`. */
import { h, fill, uid } from "./dom.js";
import { icon } from "./icons.js";
import { personAvatar } from "./people.js";
import { activePeople, state } from "./state.js";

export class Completion {
  #items = [];
  #active = 0;

  /** @param {{commands: boolean, onchange: () => void}} settings whether commands are offered here */
  constructor(text, host, { commands, onchange }) {
    this.text = text;
    this.commands = commands;
    this.onchange = onchange;
    this.list = h("div.completion", {
      id: uid("completion"),
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: true,
      onmousedown: (event) => event.preventDefault(),
    });
    host.append(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    })) {
      text.setAttribute(name, value);
    }
  }

  /** Offer completions for the word before the cursor. */
  update() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    this.#items = this.commands && /^\/\S*$/.test(before) ? commandItems(before) : nameItems(before);
    this.#active = 0;
    this.#show();
  }

  close() {
    this.#items = [];
    this.#show();
  }

  #show() {
    const open = this.#items.length > 0;
    this.list.hidden = !open;
    this.text.setAttribute("aria-expanded", String(open));
    fill(
      this.list,
      this.#items.map((item, i) =>
        h(
          "div.completion__item",
          {
            role: "option",
            id: `${this.list.id}-${i}`,
            "aria-selected": String(i === this.#active),
            onclick: () => this.#take(i),
          },
          item.content,
        ),
      ),
    );
    if (open) this.text.setAttribute("aria-activedescendant", `${this.list.id}-${this.#active}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  /** @returns {boolean} whether the list handled the key */
  keydown(event) {
    if (!this.#items.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { insert, length } = this.#items[this.#active];
    const end = this.text.selectionStart;
    // A word that is already complete needs no completion: Enter sends the message.
    const whole = insert.trim() === this.text.value.slice(end - length, end);
    if (step) {
      this.#active = (this.#active + step + this.#items.length) % this.#items.length;
      this.#show();
    } else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !whole))
      this.#take(this.#active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #take(at) {
    const { insert, length } = this.#items[at];
    const end = this.text.selectionStart;
    this.text.setRangeText(insert, end - length, end, "end");
    this.onchange();
    this.close();
    this.text.focus();
  }
}

function commandItems(typed) {
  return (state.workspace?.commands ?? [])
    .filter(({ command }) => command.startsWith(typed.toLowerCase()))
    .map(({ command, description, usage_hint: hint }) => ({
      insert: `${command} `,
      length: typed.length,
      content: [
        h("span.completion__sign", {}, icon("bolt", 16)),
        h(
          "span.completion__main",
          {},
          h("strong", {}, command),
          hint && h("span.completion__usage", {}, ` ${hint}`),
          h("span.completion__about", {}, description),
        ),
        h("span.completion__app", {}, state.workspace.app.name),
      ],
    }));
}

function nameItems(before) {
  const typed = /(?:^|[\s(])@([\w.-]*)$/.exec(before)?.[1];
  if (typed === undefined) return [];
  return activePeople()
    .filter(({ name, real_name: real }) =>
      `${name} ${real ?? ""}`.toLowerCase().includes(typed.toLowerCase()),
    )
    .slice(0, 8)
    .map((person) => ({
      insert: `@${person.name} `,
      length: typed.length + 1,
      content: [
        personAvatar(person, "small"),
        h(
          "span.completion__main",
          {},
          h("strong", {}, person.real_name || person.name),
          h("span.completion__about", {}, `@${person.name}`),
        ),
      ],
    }));
}
