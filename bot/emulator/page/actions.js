/** What happens when somebody uses an interactive element: confirm, wait for the app, say so when it does not answer. */
import { press } from "./api.js";
import { ask } from "./confirm.js";
import { toast } from "./toast.js";

const FAILED = "The app did not answer. Nothing was changed; try again.";

/** What to show a person for a failed act. */
export const failureText = (answer) => answer.message || FAILED;

/**
 * Where blocks stand, and what a press there carries along.
 * @typedef {object} Surface
 * @property {"message"|"modal"} kind
 * @property {{channel: string, ts: string} | {view_id: string}} place
 * @property {() => object} values what is filled in so far
 */

/**
 * Send a block action.
 * @param {Surface} surface
 * @param {{element: object, blockId: string, value?: object, node: HTMLElement}} action `node` shows that it waits
 * @returns {Promise<boolean>} false when the person did not confirm or the app did not answer
 */
export async function act(surface, { element, blockId, value, node }) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await ask(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const answer = await press(surface.place, {
    action_id: element.action_id,
    block_id: blockId,
    ...(value ? { value } : {}),
    values: surface.values(),
  });
  node.removeAttribute("aria-busy");
  if (!answer.ok) toast(failureText(answer));
  return answer.ok;
}
