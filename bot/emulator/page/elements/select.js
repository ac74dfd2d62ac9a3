/** The ten select menus: five sources, each for a single choice or multiple choices. */
import { plainText } from "../mrkdwn.js";
import { state } from "../state.js";
import { drawCombobox } from "./combobox.js";
import { SOURCES } from "./sources.js";

const KEYS = {
  static: ["selected_option", "selected_options", "initial_option", "initial_options"],
  external: ["selected_option", "selected_options", "initial_option", "initial_options"],
  users: ["selected_user", "selected_users", "initial_user", "initial_users"],
  conversations: [
    "selected_conversation",
    "selected_conversations",
    "initial_conversation",
    "initial_conversations",
  ],
  channels: ["selected_channel", "selected_channels", "initial_channel", "initial_channels"],
};

/** By type: the source, whether it is multiple, and the key in the state value object. */
export const SELECTS = Object.fromEntries(
  Object.entries(KEYS).flatMap(([source, [one, many, initialOne, initialMany]]) => [
    [`${source}_select`, { source, multi: false, key: one, initial: initialOne }],
    [`multi_${source}_select`, { source, multi: true, key: many, initial: initialMany }],
  ]),
);

function initialValues(element, { multi, initial, source }) {
  const given = element[initial] ?? (multi ? [] : null);
  if (source === "conversations" && element.default_to_current_conversation && !element[initial])
    return [state.channel];
  return multi ? given : given === null ? [] : [given];
}

export function select(element, env) {
  const kind = SELECTS[element.type];
  const source = SOURCES[kind.source](element, env);
  const box = drawCombobox({
    source,
    multi: kind.multi,
    most: kind.multi ? (element.max_selected_items ?? Infinity) : 1,
    placeholder: plainText(element.placeholder) || (kind.multi ? "Choose some options" : "Choose an option"),
    // Outside a form, a choice is an action. Only a field in a form can be cleared.
    clearable: Boolean(env.isInput) && !kind.multi,
    chosen: initialValues(element, kind).map(source.item),
    onchange: changed,
  });
  const value = () => {
    const raw = box.chosen().map((item) => item.raw);
    return { type: element.type, [kind.key]: kind.multi ? raw : (raw[0] ?? null) };
  };
  const restore = (held) => box.choose([held[kind.key] ?? []].flat().map(source.item).filter(source.has));

  let before = value();
  async function changed() {
    if (!env.dispatch) return;
    const now = value();
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    if (await env.fire(now)) before = now;
    else restore(before);
  }
  return { node: box.node, control: box.input, value, restore };
}
