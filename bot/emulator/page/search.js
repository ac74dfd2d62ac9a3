/** Search: finds messages in the channels and direct messages of the current person, and jumps to them. */
import { fill, h, uid } from "./dom.js";
import { trapTab } from "./focus.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { showMessage } from "./route.js";
import { authorOf, channelTitle, messagesOf, myChannels, state } from "./state.js";
import { clock, dayLabel } from "./time.js";

const MOST = 50;
const EXCERPT = 140;

/** All texts of blocks, in reading order. */
function* texts(value) {
  if (Array.isArray(value)) for (const item of value) yield* texts(item);
  else if (value && typeof value === "object") {
    if (typeof value.text === "string") yield value.text;
    for (const item of Object.values(value)) yield* texts(item);
  }
}

const ENTITIES = { amp: "&", lt: "<", gt: ">" };

/** A text as people read it: references without their brackets, and no marks of styles. */
const readable = (text) =>
  text
    .replace(/<([^<>|]+)\|([^<>]+)>/g, "$2")
    .replace(/<@(\w+)>/g, (whole, id) => `@${authorOf({ user: id }).name}`)
    .replace(/<([^<>]+)>/g, "$1")
    .replace(/&(amp|lt|gt);/g, (whole, name) => ENTITIES[name])
    .replace(/[*_~`]+/g, "")
    .replace(/\s+/g, " ");

/** What a message says: its blocks, or its text if it has none. */
const wordsOf = (message) =>
  readable((message.blocks?.length ? [...texts(message.blocks)] : [message.text ?? ""]).join(" · "));

/** The messages that contain every word of the query, newest first. Slack finds no ephemeral ones either. */
function find(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return myChannels()
    .flatMap((channel) => messagesOf(channel.id).map((message) => ({ channel, message, text: wordsOf(message) })))
    .filter(({ message, text }) => !message.ephemeral_to && words.every((word) => text.toLowerCase().includes(word)))
    .sort((one, other) => Number(other.message.ts) - Number(one.message.ts));
}

/** The part of a text around the first word of the query, with the word marked. */
function excerpt(text, query) {
  const word = query.trim().split(/\s+/)[0];
  const at = Math.max(text.toLowerCase().indexOf(word.toLowerCase()), 0);
  const start = Math.max(at - 50, 0);
  return [
    start > 0 && "…",
    text.slice(start, at),
    h("mark", {}, text.slice(at, at + word.length)),
    text.slice(at + word.length, start + EXCERPT),
    text.length > start + EXCERPT && "…",
  ];
}

function open() {
  if (document.querySelector("dialog[open]")) return;
  const before = document.activeElement;
  const statusId = uid("search-status");
  const results = h("ul.search__results", { role: "list", "aria-label": "Results" });
  const status = h("p.search__status", { id: statusId, role: "status" });
  const input = h("input.search__input", {
    type: "search",
    "aria-label": "Search messages",
    "aria-describedby": statusId,
    placeholder: "Search messages",
    autocomplete: "off",
    oninput: () => draw(),
  });

  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const leave = () => {
    close();
    if (before?.isConnected) before.focus();
  };

  function result({ channel, message, text }) {
    const author = authorOf(message);
    const go = () => {
      close();
      showMessage(channel.id, message.ts);
    };
    return h(
      "li",
      {},
      h(
        "button.search__result",
        { type: "button", onclick: go },
        h(
          "span.search__where",
          {},
          `${channelTitle(channel)} · ${dayLabel(message.ts)} at ${clock(message.ts)}`,
        ),
        h("span.search__who", {}, avatar(author, "small"), author.name),
        h("span.search__text", {}, excerpt(text, input.value)),
      ),
    );
  }

  function draw() {
    const found = find(input.value);
    const count = found.length === 1 ? "1 message" : `${found.length > MOST ? `The newest ${MOST} of ` : ""}${found.length} messages`;
    fill(status, input.value.trim() && (found.length ? count : "No messages found."));
    fill(results, found.slice(0, MOST).map(result));
  }

  function keydown(event) {
    const stops = [input, ...results.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") leave();
    else if (step) stops[Math.min(Math.max(stops.indexOf(document.activeElement) + step, 0), stops.length - 1)].focus();
    else if (event.key === "Enter" && document.activeElement === input) stops[1]?.click();
    else return trapTab(dialog, event);
    event.preventDefault();
    return event.stopPropagation();
  }

  const dialog = h(
    "dialog.search",
    {
      "aria-label": "Search",
      onkeydown: keydown,
      oncancel: (event) => event.preventDefault(),
      onpointerdown: (event) => event.target === dialog && leave(),
    },
    h(
      "div.search__box",
      {},
      h(
        "div.search__head",
        {},
        icon("search", 18),
        input,
        h("button.icon-button", { type: "button", "aria-label": "Close", onclick: leave }, icon("close")),
      ),
      status,
      results,
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}

/** The button that opens the search. Slack's shortcut for it is Ctrl+G, or Command+G. */
export function searchButton() {
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "g" || !(event.ctrlKey || event.metaKey) || event.shiftKey || !state.workspace) return;
    event.preventDefault();
    open();
  });
  return h(
    "button.icon-button.channel-head__search",
    { type: "button", title: "Search messages (Ctrl+G)", "aria-label": "Search messages", onclick: open },
    icon("search"),
  );
}
