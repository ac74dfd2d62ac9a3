/**
 * Emoji shortcodes. The signs that approval messages live on are drawn here, so that they look the same on a machine
 * that has no emoji font; all others are the system's characters.
 */
import { h, svg } from "./dom.js";

const CHARACTERS = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", no_entry: "⛔",
  no_entry_sign: "🚫", warning: "⚠️", hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰",
  stopwatch: "⏱️", bell: "🔔", no_bell: "🔕", rocket: "🚀", tada: "🎉", memo: "📝", pencil: "📝", lock: "🔒",
  unlock: "🔓", eyes: "👀", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", red_circle: "🔴",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_blue_circle: "🔵", large_orange_circle: "🟠",
  white_circle: "⚪", black_circle: "⚫", question: "❓", grey_question: "❔", exclamation: "❗", bulb: "💡",
  information_source: "ℹ️", arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️",
  arrows_counterclockwise: "🔄", repeat: "🔁", calendar: "📆", date: "📅", clipboard: "📋", package: "📦",
  shirt: "👕", bust_in_silhouette: "👤", busts_in_silhouette: "👥", speech_balloon: "💬", link: "🔗", key: "🔑",
  mag: "🔍", gear: "⚙️", wrench: "🔧", hammer: "🔨", bar_chart: "📊", chart_with_upwards_trend: "📈", fire: "🔥",
  sparkles: "✨", star: "⭐", heart: "❤️", wave: "👋", pray: "🙏", clap: "👏", raised_hands: "🙌", ok_hand: "👌",
  smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", joy: "😂", wink: "😉", thinking_face: "🤔", cry: "😢",
  sob: "😭", sunglasses: "😎", robot_face: "🤖", zap: "⚡", boom: "💥", bug: "🐛", construction: "🚧",
  octagonal_sign: "🛑", stop_sign: "🛑", double_vertical_bar: "⏸️", black_right_pointing_triangle: "▶️",
  100: "💯", coffee: "☕", pizza: "🍕", email: "📧", paperclip: "📎", pushpin: "📌", trophy: "🏆", ship: "🚢",
};

const disc = (fill) => [["circle", { cx: 10, cy: 10, r: 8.5, fill }]];
const stroke = (d, colour = "#fff", width = 2.2) => [
  "path", { d, fill: "none", stroke: colour, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
];
const hourglass = [
  ["path", { d: "M5 3h10v2.500c0 2-2 3.500-4 4.500 2 1 4 2.500 4 4.500V17H5v-2.500c0-2 2-3.500 4-4.500-2-1-4-2.500-4-4.500z", fill: "#cfe3ee" }],
  ["path", { d: "M6.500 6h7c-.5 1.600-2 2.700-3.500 3.400C8.500 8.700 7 7.600 6.500 6zM6 16c0-2 2.500-3 4-3.500 1.500.5 4 1.500 4 3.500z", fill: "#e0a526" }],
  stroke("M4.500 2.800h11M4.500 17.200h11", "#9a6b2f", 1.8),
];
const DRAWN = {
  "✅": [["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#2a9d5c" }], stroke("M5.500 10.500l3 3 6-7")],
  "❌": [stroke("M4.500 4.500l11 11M15.500 4.500l-11 11", "#d9364f", 3.6)],
  "⛔": [...disc("#d9364f"), stroke("M6 10h8", "#fff", 3)],
  "🚫": [["circle", { cx: 10, cy: 10, r: 7.3, fill: "none", stroke: "#d9364f", "stroke-width": 2.4 }], stroke("M5 5l10 10", "#d9364f", 2.4)],
  "⚠": [["path", { d: "M10 2 1.500 17.500h17z", fill: "#f2b824", stroke: "#f2b824", "stroke-width": 1.5, "stroke-linejoin": "round" }], stroke("M10 7.500v4.500M10 15h.01", "#402d00", 2)],
  "⏳": hourglass,
  "⌛": hourglass,
  "🔔": [["path", { d: "M10 2a1.300 1.300 0 0 1 1.300 1.400c2.300.6 3.700 2.500 3.700 5 0 3.600 1.500 4.600 1.500 5.600h-13c0-1 1.500-2 1.500-5.600 0-2.500 1.400-4.400 3.700-5A1.300 1.300 0 0 1 10 2z", fill: "#eeb02c" }], ["path", { d: "M8 15.500h4a2 2 0 0 1-4 0z", fill: "#a8741a" }]],
  "🔴": disc("#d9364f"), "🟢": disc("#2a9d5c"), "🟡": disc("#f2b824"), "🔵": disc("#2f7fd6"), "🟠": disc("#e8833a"),
  "⚪": disc("#c9d0d6"), "⚫": disc("#3a4248"),
  "ℹ": [["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#2f7fd6" }], stroke("M10 9.500v5M10 6h.01")],
  "➡": [["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#5b8db8" }], stroke("M5.500 10h9M11 6.500l3.500 3.500-3.500 3.500", "#fff", 1.8)],
  "🚀": [["path", { d: "M17.500 2.500c-5 0-8.500 3-10.500 7.500l3 3c4.500-2 7.500-5.500 7.500-10.500z", fill: "#b9c6d2" }], ["path", { d: "M7.500 8.500 3.500 9l-1.500 3 4.500-.5zM11.500 12.500 11 16.500l-3 1.500.5-4.500z", fill: "#d9364f" }], ["circle", { cx: 12.7, cy: 7.3, r: 1.7, fill: "#2f7fd6" }], ["path", { d: "M6 13c-1.800.4-2.700 2-3 4 2-.3 3.600-1.200 4-3z", fill: "#f2b824" }]],
  "🎉": [["path", { d: "M2 18 6.500 7l6.500 6.500z", fill: "#eeb02c" }], ["circle", { cx: 11, cy: 3.5, r: 1.3, fill: "#d9364f" }], ["circle", { cx: 16.500, cy: 9, r: 1.3, fill: "#2a9d5c" }], stroke("M11 9c1-3 3-5 6-5.500", "#2f7fd6", 1.6), stroke("M13.500 14.500c1.500-.8 3-.6 4 .5", "#d9364f", 1.6)],
  "📝": [["rect", { x: 3, y: 2, width: 12, height: 16, rx: 1.5, fill: "#e8edf1", stroke: "#a9b5bf", "stroke-width": 0.8 }], stroke("M5.500 6h7M5.500 9h7M5.500 12h4", "#7b8a96", 1.2), stroke("M10 15.500 17 8.500", "#e8833a", 2.4)],
  "🔒": [stroke("M6.500 9V6.500a3.500 3.500 0 0 1 7 0V9", "#8b979f", 2), ["rect", { x: 4, y: 8.5, width: 12, height: 9, rx: 2, fill: "#eeb02c" }]],
  "⏰": [...disc("#d9364f"), ["circle", { cx: 10, cy: 10, r: 6, fill: "#fff" }], stroke("M10 6.500V10l2.500 1.500", "#3a4248", 1.6)],
  "⏸": [["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#5b8db8" }], stroke("M7.500 6v8M12.500 6v8", "#fff", 2.4)],
  "🛑": [["path", { d: "M6.500 1.500h7l5 5v7l-5 5h-7l-5-5v-7z", fill: "#d9364f" }], stroke("M6.500 10h7", "#fff", 2.6)],
  "📦": [["path", { d: "M2 6l8-4 8 4v8.500L10 18.500 2 14.500z", fill: "#c68e55" }], ["path", { d: "M2 6l8 4 8-4M10 10v8.500", fill: "none", stroke: "#8d5f31", "stroke-width": 1.1 }]],
  "👕": [["path", { d: "M7 2.500 2 5l1 4.500 2.500-.6V17.500h9V8.900l2.500.6L18 5l-5-2.500a3 3 0 0 1-6 0z", fill: "#2f7fd6" }]],
  "💬": [["path", { d: "M3 3h14a1.500 1.500 0 0 1 1.500 1.500v8A1.500 1.500 0 0 1 17 14H9l-4.500 4v-4H3a1.500 1.500 0 0 1-1.500-1.500v-8A1.500 1.500 0 0 1 3 3z", fill: "#7fa6c4" }], stroke("M6 8.500h.01M10 8.500h.01M14 8.500h.01", "#fff", 2)],
};

const plain = (character) => character.replace(/\uFE0F/g, "");
const DRAWN_PATTERN = new RegExp(`(${Object.keys(DRAWN).join("|")})\uFE0F?`, "u");

function picture(character, label) {
  const shapes = DRAWN[plain(character)];
  if (!shapes) return h("span.emoji", { role: "img", "aria-label": label }, character);
  return svg(
    "svg", { class: "emoji", viewBox: "0 0 20 20", role: "img", "aria-label": label },
    ...shapes.map(([tag, attributes]) => svg(tag, attributes)),
  );
}

const labelOf = (character) =>
  (Object.keys(CHARACTERS).find((name) => plain(CHARACTERS[name]) === plain(character)) ?? "emoji").replace(/_/g, " ");

/** The node for `:name:`, or null when the name is not known and the text stands as it is. */
export function emojiNode(name, unicode) {
  if (CHARACTERS[name]) return picture(CHARACTERS[name], name.replace(/_/g, " "));
  if (!/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode ?? "")) return null;
  return picture(String.fromCodePoint(...unicode.split("-").map((code) => parseInt(code, 16))), name);
}

/** Plain text as nodes, with shortcodes (unless `shortcodes` is false) and the drawn characters replaced. */
export function withEmoji(text, shortcodes = true) {
  const nodes = [];
  const parts = String(text).split(shortcodes ? /(:[a-z0-9_+-]+:)/ : /(?!)/);
  for (const part of parts) {
    const node = /^:[^:]+:$/.test(part) ? emojiNode(part.slice(1, -1)) : null;
    if (node) nodes.push(node);
    else part.split(DRAWN_PATTERN).forEach((piece, i) => piece && nodes.push(i % 2 ? picture(piece, labelOf(piece)) : piece));
  }
  return nodes;
}
