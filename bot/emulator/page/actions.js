/** Interactions with elements: confirm them, wait for the app, and report a failure. */
import { press } from "./api.js";
import { ask } from "./confirm.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

const REFUSALS = {
  message_not_found: "This message has been deleted.",
  action_not_found: "This message has changed. Please look at it again.",
  is_archived: "This channel is archived.",
  file_too_large: "Files can be up to 10 MB.",
};

/** The text to show for a failed action. */
export const failureText = (answer) =>
  answer.message ||
  REFUSALS[answer.error] ||
  `That did not work: ${(answer.error ?? "no response").replaceAll("_", " ")}.`;

/**
 * Show a failed action, unless the workspace does: if the app failed (the answer has a time), a notice arrives over the
 * websocket.
 */
export function showFailure(answer) {
  if (answer.ack_ms === undefined || !state.live) toast(failureText(answer));
}

/**
 * The surface that contains blocks, and what a press there includes.
 * @typedef {object} Surface
 * @property {"message"|"modal"} kind
 * @property {{channel: string, ts: string} | {view_id: string}} place
 * @property {() => object} values the values entered so far
 * @property {() => boolean} isThere whether the surface is still on the page
 */

/**
 * Send a block action.
 * @param {Surface} surface
 * @param {{element: object, blockId: string, value?: object, node: HTMLElement}} action `node` shows that it is busy
 * @returns {Promise<boolean>} false when the person did not confirm
 */
export async function act(surface, { element, blockId, value, node }) {
  if (!surface.isThere()) return true;
  if (element.confirm && !(await ask(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const answer = await press(surface.place, {
    action_id: element.action_id,
    block_id: blockId,
    ...(value ? { value } : {}),
    values: surface.values(),
  });
  node.removeAttribute("aria-busy");
  if (!answer.ok) showFailure(answer);
  return true;
}

/** Ignore presses while one is in progress, because a hasty double press is meant once. */
export function onceAtATime(send) {
  let waits = false;
  return async (value) => {
    if (waits) return true;
    waits = true;
    return send(value).finally(() => (waits = false));
  };
}

/** Send changes one after another, so that a person can go on filling in while the app is busy. */
export function inTurn(send) {
  let last = Promise.resolve();
  return (value) => (last = last.then(() => send(value)));
}
