/** A message in a list: its author and time, its blocks, and its replies. */
import { showFailure } from "./actions.js";
import { deleteMessage, useShortcut } from "./api.js";
import { BlockList } from "./blocks/list.js";
import { ask } from "./confirm.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { attachMenu } from "./menu.js";
import { avatar } from "./people.js";
import { drawReactions, reactButton } from "./reactions.js";
import { showThread } from "./route.js";
import { authorOf, canDelete, repliesTo, state } from "./state.js";
import { ago, clock, fullTime } from "./time.js";

/** The blocks to draw. The text of a message without blocks is drawn like a block. */
const contentOf = (message) =>
  message.blocks?.length
    ? message.blocks
    : [{ type: "message_text", block_id: "message-text", text: message.text ?? "" }];

const privateMark = () => h("div.message__private", {}, icon("eye", 16), "Only visible to you");

const DELETE_DIALOG = {
  title: { text: "Delete message" },
  text: { text: "Do you want to delete this message? This cannot be undone." },
  confirm: { text: "Delete" },
  deny: { text: "Cancel" },
  style: "danger",
};

export class MessageRow {
  #signature = "";
  #time = "";

  /** @param {object} message @param {{inThread: boolean}} settings */
  constructor(message, { inThread }) {
    const author = authorOf(message);
    this.ts = message.ts;
    this.inThread = inThread;
    this.gutter = h(
      "div.message__gutter",
      {},
      avatar(author),
      h("span.message__gutter-time", { "aria-hidden": "true" }, clock(message.ts).replace(/ [AP]M$/, "")),
    );
    this.head = h("div.message__head", {});
    this.body = h("div.message__body");
    this.reactions = h("div.reactions");
    this.foot = h("div.message__foot");
    this.tools = message.ephemeral_to ? null : this.#tools(message, author);
    this.node = h(
      "li.message",
      {
        class: message.ephemeral_to ? "message--private" : "",
        dataset: { channel: message.channel, ts: message.ts },
      },
      this.gutter,
      h("div.message__main", {}, message.ephemeral_to && privateMark(), this.head, this.body, this.reactions, this.foot),
      this.tools,
    );
    this.blocks = new BlockList(this.body, {
      kind: "message",
      place: { channel: message.channel, ts: message.ts },
    });
  }

  #tools(message, author) {
    this.reactButton = reactButton(() => this.message, author);
    const more = this.#shortcuts(message.channel, author);
    if (this.inThread) return h("div.message__tools", {}, this.reactButton, more);
    this.deleteButton = h(
      "button.icon-button",
      {
        type: "button",
        title: "Delete message",
        "aria-label": `Delete the message from ${author.name}`,
        onclick: () => this.#delete(message.channel),
      },
      icon("trash", 18),
    );
    return h(
      "div.message__tools",
      {},
      this.reactButton,
      h(
        "button.icon-button",
        {
          type: "button",
          title: "Reply in thread",
          "aria-label": `Reply in thread to ${author.name}`,
          onclick: () => showThread(this.ts),
        },
        icon("thread", 18),
      ),
      this.deleteButton,
      more,
    );
  }

  /** The menu with the app's shortcuts for messages, or nothing if it has none. */
  #shortcuts(channel, author) {
    const offered = () => (state.workspace.shortcuts ?? []).filter((each) => each.of_message);
    if (!offered().length) return null;
    const button = h(
      "button.icon-button",
      { type: "button", title: "More actions", "aria-label": `Menu of the message from ${author.name}` },
      icon("more", 18),
    );
    attachMenu(button, {
      label: "More actions",
      alignEnd: true,
      items: () =>
        offered().map(({ name, callback_id }) => ({
          content: h(
            "span.menu__main",
            {},
            h("span.menu__text", {}, name),
            h("span.menu__description", {}, state.workspace.app.name),
          ),
          onchoose: async () => {
            const answer = await useShortcut(callback_id, { channel, ts: this.ts });
            if (!answer.ok) showFailure(answer);
          },
        })),
    });
    return button;
  }

  async #delete(channel) {
    if (!(await ask(DELETE_DIALOG))) return;
    const answer = await deleteMessage(channel, this.ts);
    if (!answer.ok) showFailure(answer);
  }

  /** Draw the current state of the message. Unchanged parts stay as they are. */
  update(message, { compact }) {
    this.node.classList.toggle("message--compact", compact);
    this.message = message;
    if (this.deleteButton) this.deleteButton.hidden = !canDelete(message);
    if (this.reactButton) this.reactButton.hidden = message.subtype === "tombstone";
    const replies = this.inThread ? [] : repliesTo(message.channel, message.ts);
    const signature = JSON.stringify([message, replies.map((reply) => reply.ts), state.me]);
    this.#drawFoot(message, replies);
    if (signature === this.#signature) return;
    this.#signature = signature;
    const author = authorOf(message);
    fill(
      this.head,
      h("span.message__author", {}, author.name),
      author.app && h("span.badge", {}, "APP"),
      h(
        "time.message__time",
        { title: fullTime(message.ts), datetime: new Date(message.ts * 1000).toISOString() },
        clock(message.ts),
      ),
    );
    this.blocks.update(contentOf(message));
    drawReactions(this.reactions, message);
    this.body.querySelector(".message__edited")?.remove();
    if (message.edited)
      this.body.append(h("span.message__edited", { title: fullTime(message.edited.ts) }, "(edited)"));
  }

  #drawFoot(message, replies) {
    const last = replies.at(-1);
    const words = last ? `${ago(last.ts)} ${replies.length} ${state.thread}` : "";
    if (words === this.#time) return;
    this.#time = words;
    const people = [...new Map(replies.map((reply) => [reply.user, reply])).values()].slice(0, 4);
    const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
    const held = this.foot.contains(document.activeElement);
    fill(
      this.foot,
      last &&
        h(
          "button.replies",
          {
            type: "button",
            "aria-expanded": String(state.thread === message.ts),
            "aria-controls": "thread",
            onclick: () => showThread(message.ts),
          },
          h(
            "span.replies__people",
            {},
            people.map((reply) => avatar(authorOf(reply), "tiny")),
          ),
          h("span.replies__count", {}, count),
          h("span.replies__last", {}, `Last reply ${ago(last.ts)}`),
          h("span.replies__open", { "aria-hidden": "true" }, "View thread"),
        ),
    );
    if (held) this.foot.querySelector("button")?.focus();
  }
}
