/** Avatars and mentions of people, the app, groups and channels. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { showChannel } from "./route.js";
import { channelOf, channelTitle, groupOf, isMine, personOf, state } from "./state.js";

const COLOURS = ["#0f766e", "#7c4a9e", "#b4532a", "#2f6db5", "#9d3a5f", "#54722b", "#8a6414", "#4453a8"];

const initials = (name) =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("") || "?";

/** A colour derived from the id, dark enough for white letters. */
function colourOf(id) {
  let sum = 0;
  for (const letter of String(id)) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return COLOURS[sum % COLOURS.length];
}

/** White letters need a contrast of 4.5:1, so lighter colours are replaced. */
function readable(colour) {
  const hex = /^#?([0-9a-f]{6})$/i.exec(colour ?? "")?.[1];
  if (!hex) return null;
  const [r, g, b] = [0, 2, 4].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.5 ? `#${hex}` : null;
}

/** Coloured initials, or the app's icon. It is only decoration, because the name is always next to it. */
export function avatar({ id, name, app = false, person = null }, size = "") {
  if (app)
    return h(
      `span.avatar.avatar--app${size && `.avatar--${size}`}`,
      { "aria-hidden": "true" },
      icon("check"),
    );
  const colour = readable((person ?? personOf(id))?.color) ?? colourOf(id);
  return h(
    `span.avatar${size && `.avatar--${size}`}`,
    { "aria-hidden": "true", style: { "--avatar": colour } },
    initials(name),
  );
}

/** An avatar for a person of the workspace. */
export const personAvatar = (person, size) =>
  avatar({ id: person.id, name: person.real_name || person.name, person, app: person.is_bot }, size);

/** `@Ana Ruiz`, highlighted if it is the current person. */
export function mention(userId, label) {
  const person = personOf(userId);
  const app = state.workspace?.app.bot_user_id === userId;
  const name = label || person?.real_name || person?.name || (app ? state.workspace.app.name : userId);
  return h(
    "span.mention",
    { class: userId === state.me ? "mention--me" : "", title: person?.title },
    `@${name}`,
  );
}

/** `@buyers`, highlighted if the current person is one of them. */
export function groupMention(groupId, label) {
  const group = groupOf(groupId);
  const name = label?.replace(/^@/, "") || group?.handle || "group";
  return h(
    "span.mention",
    { class: group?.users?.includes(state.me) ? "mention--me" : "", title: group?.name },
    `@${name}`,
  );
}

/** `#releases`, which opens the channel if the current person can see it. */
export function channelMention(channelId, label) {
  const channel = channelOf(channelId);
  const title = channel ? channelTitle(channel) : `#${label || "unknown-channel"}`;
  if (!channel || !isMine(channel)) return h("span.mention", {}, title);
  return h("button.mention", { type: "button", onclick: () => showChannel(channelId) }, title);
}
