/** Checkboxes and radio buttons. */
import { h, uid } from "../dom.js";
import { textNodes } from "../mrkdwn.js";

/** A native checkbox or radio button with its text, which may be mrkdwn, and its description. */
function choice(type, name, option, checked, onchange) {
  const [id, describedBy] = [uid("choice"), uid("choice-text")];
  const control = h("input.choice__box", {
    type,
    name,
    id,
    checked,
    "aria-describedby": option.description && describedBy,
    onchange,
  });
  const node = h(
    "div.choice",
    {},
    control,
    h("label.choice__label", { for: id }, h("span.choice__text", {}, textNodes(option.text))),
    option.description && h("div.choice__description", { id: describedBy }, textNodes(option.description)),
  );
  return { node, control, option };
}

function group(element, env, type, role, initial) {
  const name = uid("group");
  const chosen = new Set(initial.map((option) => option.value));
  const choices = element.options.map((option) =>
    choice(type, name, option, chosen.has(option.value), changed),
  );
  const node = h(
    "div.choices",
    { role },
    choices.map((each) => each.node),
  );
  const selected = () => choices.filter(({ control }) => control.checked).map(({ option }) => option);
  const field = {
    node,
    // The focus goes to the checked box, or to the first.
    control: node,
    isGroup: true,
    selected,
    check: (options) => {
      const values = new Set(options.map((option) => option.value));
      for (const { control, option } of choices) control.checked = values.has(option.value);
    },
  };
  let before = selected();
  async function changed() {
    if (!env.dispatch) return;
    const now = selected();
    if (await env.fire(field.value())) before = now;
    else field.check(before);
  }
  return field;
}

export function checkboxes(element, env) {
  const field = group(element, env, "checkbox", "group", element.initial_options ?? []);
  field.value = () => ({ type: element.type, selected_options: field.selected() });
  field.restore = (state) => field.check(state.selected_options ?? []);
  return field;
}

export function radioButtons(element, env) {
  const field = group(
    element,
    env,
    "radio",
    "radiogroup",
    element.initial_option ? [element.initial_option] : [],
  );
  field.value = () => ({ type: element.type, selected_option: field.selected()[0] ?? null });
  field.restore = (state) => field.check(state.selected_option ? [state.selected_option] : []);
  return field;
}
