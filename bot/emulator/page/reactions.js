/** The emoji that people added to a message, and the menu that adds one. */
import { showFailure } from "./actions.js";
import { react, unreact } from "./api.js";
import { fill, h } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { icon } from "./icons.js";
import { attachMenu } from "./menu.js";
import { authorOf, state } from "./state.js";

/** The emoji that the menu offers. An app may add any other. */
const OFFERED = [
  "thumbsup",
  "thumbsdown",
  "white_check_mark",
  "x",
  "eyes",
  "tada",
  "rocket",
  "heart",
  "warning",
  "no_entry_sign",
  "hourglass_flowing_sand",
  "bell",
  "memo",
  "lock",
  "package",
  "shirt",
];

async function toggle(message, name) {
  const mine = message.reactions?.find((each) => each.name === name)?.users.includes(state.me);
  const answer = await (mine ? unreact : react)(message.channel, message.ts, name);
  if (!answer.ok) showFailure(answer);
}

/** A button that offers emoji for a message. @param {() => object} current returns the message as it is now */
export function reactButton(current, author) {
  const button = h(
    "button.icon-button",
    { type: "button", title: "Add reaction", "aria-label": `React to the message from ${author.name}` },
    icon("react", 18),
  );
  attachMenu(button, {
    label: "Emoji",
    columns: 8,
    alignEnd: true,
    items: () =>
      OFFERED.map((name) => ({
        content: emojiNode(name),
        onchoose: () => toggle(current(), name),
      })),
  });
  return button;
}

/** `Ana Ruiz, Ben Okafor and you` */
function names(users) {
  const others = users.filter((id) => id !== state.me).map((id) => authorOf({ user: id }).name);
  const all = users.includes(state.me) ? [...others, "you"] : others;
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} and ${all.at(-1)}` : all[0];
}

/** Draw the emoji of a message into `node`. The focus stays on the emoji that has it. */
export function drawReactions(node, message) {
  const focused = node.contains(document.activeElement) && document.activeElement.dataset.name;
  fill(
    node,
    (message.reactions ?? []).map(({ name, users, count }) =>
      h(
        "button.reaction",
        {
          type: "button",
          dataset: { name },
          title: `${names(users)} reacted with :${name}:`,
          "aria-label": `${name.replace(/_/g, " ")}: ${count}, from ${names(users)}`,
          "aria-pressed": String(users.includes(state.me)),
          onclick: () => toggle(message, name),
        },
        emojiNode(name) ?? h("span", {}, `:${name}:`),
        h("span.reaction__count", {}, String(count)),
      ),
    ),
  );
  if (focused) [...node.children].find((each) => each.dataset.name === focused)?.focus();
}
