/** The registry of interactive elements. */
import { h, uid } from "../dom.js";
import { act, inTurn, onceAtATime } from "../actions.js";
import { button, feedbackButtons } from "./button.js";
import { checkboxes, radioButtons } from "./choices.js";
import { datepicker, datetimepicker, timepicker } from "./dates.js";
import { fileInput } from "./file.js";
import { overflow } from "./overflow.js";
import { richTextInput } from "./rich_text.js";
import { SELECTS, select } from "./select.js";
import { emailInput, numberInput, plainTextInput, urlInput } from "./text.js";

/**
 * A drawn element.
 * @typedef {object} Field
 * @property {HTMLElement} node the whole element
 * @property {HTMLElement} control takes the focus and has the label
 * @property {string} blockId
 * @property {string} actionId
 * @property {string} type
 * @property {boolean} [isGroup] whether it has several controls (checkboxes, radio buttons)
 * @property {() => object} [value] the state value object that Slack would send; absent for elements without state (buttons)
 * @property {(state: object) => void} [restore] restore such a value object
 * @property {() => string|null} [problem] an error because of which there is no value
 *
 * @typedef {object} Env
 * @property {import("../actions.js").Surface} surface
 * @property {string} blockId
 * @property {string} name the accessible name if there is no label
 * @property {string} [labelId] the label's id, in an input block
 * @property {string} [describedBy] the hint's id
 * @property {boolean} [required]
 * @property {boolean} [isInput] in an input block
 * @property {boolean} dispatch whether a change is sent to the app immediately
 * @property {(value?: object) => Promise<boolean>} fire send the action; false if the person did not confirm it
 */

const ELEMENTS = {
  button,
  feedback_buttons: feedbackButtons,
  icon_button: button,
  workflow_button: button,
  checkboxes,
  datepicker,
  datetimepicker,
  overflow,
  timepicker,
  email_text_input: emailInput,
  file_input: fileInput,
  number_input: numberInput,
  plain_text_input: plainTextInput,
  radio_buttons: radioButtons,
  rich_text_input: richTextInput,
  url_text_input: urlInput,
  ...Object.fromEntries(Object.keys(SELECTS).map((type) => [type, select])),
};

const unknown = (element) => {
  const node = h("span.block-unknown", {}, `The emulator cannot show “${element.type}” elements.`);
  return { node, control: node };
};

/** Draw one element. @param {object} element @param {Env} env @returns {Field} */
export function drawElement(element, env) {
  const complete = { ...env };
  const field = (ELEMENTS[element.type] ?? unknown)(element, complete);
  Object.assign(field, { blockId: env.blockId, actionId: element.action_id, type: element.type });
  const send = (value) => act(env.surface, { element, blockId: env.blockId, value, node: field.node });
  complete.fire = field.value ? inTurn(send) : onceAtATime(send);
  field.node.dataset.actionId = element.action_id ?? "";
  field.node.dataset.elementType = element.type;
  field.control.id ||= uid("control");
  if (env.labelId && (field.isGroup || !field.control.matches("input, textarea, select"))) {
    field.control.setAttribute("aria-labelledby", env.labelId);
  }
  if (!env.labelId && field.value) field.control.setAttribute("aria-label", env.name || element.action_id);
  if (env.describedBy) field.control.setAttribute("aria-describedby", env.describedBy);
  if (env.required && (!field.isGroup || element.type === "radio_buttons"))
    field.control.setAttribute("aria-required", "true");
  if (element.focus_on_load) field.control.dataset.focusOnLoad = "true";
  return field;
}
