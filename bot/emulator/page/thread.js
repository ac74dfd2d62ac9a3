/** The thread panel: a message, its replies, and a composer for replies. */
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./message_list.js";
import { showThread } from "./route.js";
import { channelOf, channelTitle, isOpen, on, repliesTo, state } from "./state.js";

export function drawThread() {
  const where = h("span.thread__where");
  const close = h(
    "button.icon-button",
    { type: "button", "aria-label": "Close the thread", onclick: () => leave() },
    icon("close"),
  );
  const list = new MessageList({ label: "Thread", inThread: true });
  const count = h("div.thread__count");
  const composer = new Composer({ inThread: true, onsend: () => list.toEnd() });
  const node = h(
    "aside.thread",
    {
      id: "thread",
      "aria-label": "Thread",
      hidden: true,
      onkeydown: (event) => event.key === "Escape" && !event.defaultPrevented && leave(),
    },
    h("header.thread__head", {}, h("h2.thread__title", {}, "Thread"), where, close),
    list.node,
    composer.node,
  );
  let shown = null;

  function leave() {
    const button = document.querySelector(`.channel [data-ts="${CSS.escape(state.thread ?? "")}"] .replies`);
    showThread(null);
    button?.focus();
  }

  function draw() {
    const channel = channelOf(state.channel);
    const parent = channel && state.thread && state.messages.get(channel.id)?.get(state.thread);
    const opened = parent && shown !== `${state.me} ${channel.id} ${state.thread}`;
    node.hidden = !parent;
    document.body.classList.toggle("has-thread", Boolean(parent));
    if (!parent) {
      shown = null;
      return;
    }
    if (opened) list.reset("Thread");
    shown = `${state.me} ${channel.id} ${state.thread}`;
    const replies = repliesTo(channel.id, parent.ts);
    fill(where, channelTitle(channel));
    fill(
      count,
      replies.length ? `${replies.length} ${replies.length === 1 ? "reply" : "replies"}` : "No replies yet",
    );
    composer.update(isOpen(channel) ? channel : null);
    list.update([parent, ...replies]);
    list.list.querySelector("li")?.after(count);
    if (opened) composer.focus();
  }

  for (const event of ["thread", "channel", "person", "workspace"]) on(event, draw);
  on("messages", (id) => id === state.channel && draw());
  on("jump", (ts) => list.reveal(ts));
  draw();
  return { node };
}
