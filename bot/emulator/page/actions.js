/** What happens when somebody uses an interactive element: confirm, wait for the app, say so when it does not answer. */
import { press } from "./api.js";
import { ask } from "./confirm.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

const REFUSALS = {
  message_not_found: "This message is not there any more.",
  action_not_found: "This message has changed meanwhile. Look at it again.",
  is_archived: "This channel is archived.",
  file_too_large: "Files of up to 10 MB are accepted.",
};

/** What to show a person for a failed act. */
export const failureText = (answer) =>
  answer.message ||
  REFUSALS[answer.error] ||
  `That did not work: ${(answer.error ?? "no answer").replaceAll("_", " ")}.`;

/**
 * Tell the person about a failed act, unless the workspace does: where the app failed (and was timed), its own notice
 * comes over the websocket.
 */
export function complain(answer) {
  if (answer.ack_ms === undefined || !state.live) toast(failureText(answer));
}

/**
 * Where blocks stand, and what a press there carries along.
 * @typedef {object} Surface
 * @property {"message"|"modal"} kind
 * @property {{channel: string, ts: string} | {view_id: string}} place
 * @property {() => object} values what is filled in so far
 * @property {() => boolean} isThere whether they are still on the page
 */

/**
 * Send a block action.
 * @param {Surface} surface
 * @param {{element: object, blockId: string, value?: object, node: HTMLElement}} action `node` shows that it waits
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
  if (!answer.ok) complain(answer);
  return true;
}

/** A press that does nothing while the last one waits: what is pressed twice in haste is meant once. */
export function onceAtATime(send) {
  let waits = false;
  return async (value) => {
    if (waits) return true;
    waits = true;
    return send(value).finally(() => (waits = false));
  };
}

/** A change that follows the one before it once that is answered: whoever fills in does not wait for the app. */
export function inTurn(send) {
  let last = Promise.resolve();
  return (value) => (last = last.then(() => send(value)));
}
