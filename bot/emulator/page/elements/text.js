/** Inputs for single-line and multi-line text, numbers, e-mail addresses and URLs. */
import { h } from "../dom.js";
import { plainText } from "../mrkdwn.js";

/** A native control whose text is the value; an empty text is `null`. */
function textField(element, env, control) {
  const value = () => ({ type: element.type, value: control.value === "" ? null : control.value });
  const events = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  control.value = element.initial_value ?? "";
  if (env.dispatch && events.includes("on_character_entered")) {
    let timer = null;
    control.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => control.isConnected && env.fire(value()), 300);
    });
  }
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !env.dispatch || event.shiftKey) return;
    if (
      !events.includes("on_enter_pressed") ||
      (control.tagName === "TEXTAREA" && !(event.metaKey || event.ctrlKey))
    )
      return;
    event.preventDefault();
    env.fire(value());
  });
  return { node: control, control, value, restore: (state) => (control.value = state.value ?? "") };
}

const line = (element, attributes) =>
  h("input.field", {
    type: "text",
    autocomplete: "off",
    placeholder: plainText(element.placeholder) || null,
    ...attributes,
  });

/** The number of characters left, shown when there are few. */
function counter(element, control) {
  if (!element.max_length) return null;
  const node = h("span.field-counter", { "aria-hidden": "true" });
  const show = () => {
    const left = element.max_length - [...control.value].length;
    const near = control.value !== "" && left <= Math.max(10, element.max_length * 0.1);
    node.textContent = near ? String(left) : "";
    node.classList.toggle("field-counter--over", left < 0);
  };
  control.addEventListener("input", show);
  return { node, show };
}

export function plainTextInput(element, env) {
  const control = element.multiline
    ? h("textarea.field.field--multiline", { rows: 4, placeholder: plainText(element.placeholder) || null })
    : line(element);
  const field = textField(element, env, control);
  const count = counter(element, control);
  if (!count) return field;
  count.show();
  const restore = (state) => {
    field.restore(state);
    count.show();
  };
  return { ...field, node: h("div.field-wrap", {}, control, count.node), restore };
}

/** A number stays text until the workspace validates it, so that `abc` gets an error instead of disappearing. */
export function numberInput(element, env) {
  const control = line(element, {
    inputmode: element.is_decimal_allowed ? "decimal" : "numeric",
    class: "field--number",
  });
  const field = textField(element, env, control);
  control.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown"].includes(event.key) || !/^-?\d*$/.test(control.value.trim())) return;
    event.preventDefault();
    const next = Number(control.value || 0) + (event.key === "ArrowUp" ? 1 : -1);
    const low = Number(element.min_value ?? -Infinity);
    const high = Number(element.max_value ?? Infinity);
    control.value = String(Math.min(Math.max(next, Math.ceil(low)), Math.floor(high)));
  });
  return { ...field, value: () => ({ type: element.type, value: control.value.trim() || null }) };
}

export const emailInput = (element, env) =>
  textField(element, env, line(element, { inputmode: "email", autocapitalize: "off" }));

export const urlInput = (element, env) =>
  textField(element, env, line(element, { inputmode: "url", autocapitalize: "off" }));
