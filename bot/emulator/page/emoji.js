/**
 * Emoji shortcodes. The emoji that are common in approval messages are drawn here, so that they look the same on a
 * machine without an emoji font. All others are characters of the system's font.
 */
import { h, svg } from "./dom.js";
import { DRAWN } from "./emoji_drawn.js";

const CHARACTERS = {
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  ballot_box_with_check: "☑️",
  x: "❌",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  warning: "⚠️",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  alarm_clock: "⏰",
  stopwatch: "⏱️",
  bell: "🔔",
  no_bell: "🔕",
  rocket: "🚀",
  tada: "🎉",
  memo: "📝",
  pencil: "📝",
  lock: "🔒",
  unlock: "🔓",
  eyes: "👀",
  thumbsup: "👍",
  "+1": "👍",
  thumbsdown: "👎",
  "-1": "👎",
  red_circle: "🔴",
  large_green_circle: "🟢",
  large_yellow_circle: "🟡",
  large_blue_circle: "🔵",
  large_orange_circle: "🟠",
  white_circle: "⚪",
  black_circle: "⚫",
  question: "❓",
  grey_question: "❔",
  exclamation: "❗",
  bulb: "💡",
  information_source: "ℹ️",
  arrow_right: "➡️",
  arrow_left: "⬅️",
  arrow_up: "⬆️",
  arrow_down: "⬇️",
  arrows_counterclockwise: "🔄",
  repeat: "🔁",
  calendar: "📆",
  date: "📅",
  clipboard: "📋",
  package: "📦",
  shirt: "👕",
  bust_in_silhouette: "👤",
  busts_in_silhouette: "👥",
  speech_balloon: "💬",
  link: "🔗",
  key: "🔑",
  mag: "🔍",
  gear: "⚙️",
  wrench: "🔧",
  hammer: "🔨",
  bar_chart: "📊",
  chart_with_upwards_trend: "📈",
  fire: "🔥",
  sparkles: "✨",
  star: "⭐",
  heart: "❤️",
  wave: "👋",
  pray: "🙏",
  clap: "👏",
  raised_hands: "🙌",
  ok_hand: "👌",
  smile: "😄",
  slightly_smiling_face: "🙂",
  grinning: "😀",
  joy: "😂",
  wink: "😉",
  thinking_face: "🤔",
  cry: "😢",
  sob: "😭",
  sunglasses: "😎",
  robot_face: "🤖",
  zap: "⚡",
  boom: "💥",
  bug: "🐛",
  construction: "🚧",
  octagonal_sign: "🛑",
  stop_sign: "🛑",
  double_vertical_bar: "⏸️",
  black_right_pointing_triangle: "▶️",
  100: "💯",
  coffee: "☕",
  pizza: "🍕",
  email: "📧",
  paperclip: "📎",
  pushpin: "📌",
  trophy: "🏆",
  ship: "🚢",
};

const plain = (character) => character.replace(/\uFE0F/g, "");
const DRAWN_PATTERN = new RegExp(`(${Object.keys(DRAWN).join("|")})\uFE0F?`, "u");

function picture(character, label) {
  const shapes = DRAWN[plain(character)];
  if (!shapes) return h("span.emoji", { role: "img", "aria-label": label }, character);
  return svg(
    "svg",
    { class: "emoji", viewBox: "0 0 20 20", role: "img", "aria-label": label },
    ...shapes.map(([tag, attributes]) => svg(tag, attributes)),
  );
}

const labelOf = (character) =>
  (Object.keys(CHARACTERS).find((name) => plain(CHARACTERS[name]) === plain(character)) ?? "emoji").replace(
    /_/g,
    " ",
  );

/** The node for `:name:`, or null if the name is unknown and the text stays as it is. */
export function emojiNode(name, unicode) {
  if (CHARACTERS[name]) return picture(CHARACTERS[name], name.replace(/_/g, " "));
  if (!/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode ?? "")) return null;
  return picture(String.fromCodePoint(...unicode.split("-").map((code) => parseInt(code, 16))), name);
}

/** Plain text as nodes. Shortcodes (unless `shortcodes` is false) and the drawn characters are replaced. */
export function withEmoji(text, shortcodes = true) {
  const nodes = [];
  const parts = String(text).split(shortcodes ? /(:[a-z0-9_+-]+:)/ : /(?!)/);
  for (const part of parts) {
    const node = /^:[^:]+:$/.test(part) ? emojiNode(part.slice(1, -1)) : null;
    if (node) nodes.push(node);
    else
      part
        .split(DRAWN_PATTERN)
        .forEach((piece, i) => piece && nodes.push(i % 2 ? picture(piece, labelOf(piece)) : piece));
  }
  return nodes;
}
