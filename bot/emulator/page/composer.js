/** The box below the messages: posts messages, runs slash commands, and completes commands and names. */
import { showFailure } from "./actions.js";
import { runCommand, say, useShortcut } from "./api.js";
import { Completion } from "./completion.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { attachMenu } from "./menu.js";
import { activePeople, channelTitle, state } from "./state.js";

/** Unsent text by channel and thread, so that switching channels loses nothing. */
const drafts = new Map();

/** The text as Slack's client sends it: special characters escaped, `@name` and `#channel` as references. */
export function encode(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped
    .replace(/(^|[\s(])@([\w.-]+)/g, (whole, before, name) => {
      const person = activePeople().find((each) => each.name === name);
      if (person) return `${before}<@${person.id}>`;
      const group = state.workspace.usergroups?.find((each) => each.handle === name);
      if (group) return `${before}<!subteam^${group.id}|@${name}>`;
      return ["here", "channel", "everyone"].includes(name) ? `${before}<!${name}>` : whole;
    })
    .replace(/(^|[\s(])#([\w-]+)/g, (whole, before, name) => {
      const channel = state.workspace.channels.find((each) => each.name === name && !each.is_im);
      return channel ? `${before}<#${channel.id}|${name}>` : whole;
    });
}

const globalShortcuts = () => (state.workspace?.shortcuts ?? []).filter((each) => !each.of_message);

/** The button with the lightning, which opens a menu with the app's global shortcuts. */
function shortcutsButton() {
  const button = h(
    "button.icon-button.composer__shortcuts",
    { type: "button", title: "Shortcuts", "aria-label": "Shortcuts" },
    icon("bolt", 18),
  );
  attachMenu(button, {
    label: "Shortcuts",
    items: () =>
      globalShortcuts().map(({ name, description, callback_id }) => ({
        content: h(
          "span.menu__main",
          {},
          h("span.menu__text", {}, name),
          h("span.menu__description", {}, description),
        ),
        onchoose: async () => {
          const answer = await useShortcut(callback_id);
          if (!answer.ok) showFailure(answer);
        },
      })),
  });
  return button;
}

export class Composer {
  #channel = null;
  #key = "";

  /**
   * @param {{inThread?: boolean, onsend: () => void}} settings whether the open thread is answered, or the channel;
   *   `onsend` brings the end of the list in sight, where the answer will appear
   */
  constructor({ inThread = false, onsend }) {
    this.inThread = inThread;
    this.onsend = onsend;
    this.text = h("textarea.composer__text", {
      rows: 1,
      oninput: () => this.#changed(),
      onkeydown: (event) => this.#keydown(event),
      onblur: () => this.completion.close(),
      onclick: () => this.completion.update(),
    });
    this.shortcuts = inThread ? null : shortcutsButton();
    this.send = h(
      "button.composer__send",
      { type: "submit", "aria-label": "Send message" },
      icon("send", 18),
    );
    this.form = h(
      "form.composer__box",
      {
        onsubmit: (event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.text,
      h(
        "div.composer__bar",
        {},
        this.shortcuts,
        h(
          "span.composer__hint",
          {},
          !inThread && [h("kbd", {}, "/"), " commands  "],
          h("kbd", {}, "Enter"),
          " sends",
        ),
        this.send,
      ),
    );
    this.away = h("div.composer__away", { hidden: true });
    this.node = h("div.composer", {}, this.form, this.away);
    this.completion = new Completion(this.text, this.form, {
      commands: !inThread,
      onchange: () => this.#changed(),
    });
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }

  /** Show the composer for a channel, or a notice if the channel is null. */
  update(channel) {
    this.#channel = channel;
    this.form.hidden = !channel;
    if (this.shortcuts) this.shortcuts.hidden = !globalShortcuts().length;
    this.away.hidden = Boolean(channel);
    fill(this.away, "This channel is archived. Nobody can post here.");
    if (!channel) return;
    const label = this.inThread ? "Reply…" : `Message ${channelTitle(channel)}`;
    this.text.placeholder = label;
    this.text.setAttribute("aria-label", label);
    const key = `${state.me} ${channel.id} ${this.inThread ? state.thread : ""}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#write(drafts.get(key) ?? "");
    }
  }

  #write(text) {
    this.text.value = text;
    this.#changed();
  }

  #changed() {
    const { text } = this;
    drafts.set(this.#key, text.value);
    this.send.disabled = !text.value.trim();
    this.completion?.update();
  }

  #keydown(event) {
    if (this.completion.keydown(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  /** Clear the box immediately. If sending fails, restore the text. */
  async #submit() {
    const text = this.text.value.trim();
    if (!text || this.form.getAttribute("aria-busy") === "true") return;
    const [channel, thread, key] = [this.#channel.id, this.inThread ? state.thread : null, this.#key];
    this.completion.close();
    this.#write("");
    this.onsend();
    this.form.setAttribute("aria-busy", "true");
    const isCommand = text.startsWith("/") && !thread;
    const answer = isCommand ? await runCommand(channel, text) : await say(channel, encode(text), thread);
    this.form.removeAttribute("aria-busy");
    if (answer.ok) return;
    showFailure(answer);
    drafts.set(key, text);
    if (this.#key === key && !this.text.value) this.#write(text);
  }
}
