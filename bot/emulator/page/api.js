/** The emulator's control API. Every call resolves; a failed one to `{ok: false, message}`. */
import { state } from "./state.js";

async function call(path, options = {}) {
  try {
    const response = await fetch(`/control/${path}`, options);
    const answer = await response.json();
    return response.ok ? { ok: true, ...answer } : { ...answer, ok: false };
  } catch {
    return { ok: false, error: "unreachable", message: "The emulator does not respond. Is it still running?" };
  }
}

const query = (parameters) => new URLSearchParams(parameters).toString();
const post = (path, body) =>
  call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ as: state.me, ...body }),
  });

export const readWorkspace = () => call("workspace");
export const readMessages = (channel) => call(`messages?${query({ channel, as: state.me })}`);
export const readViews = () => call(`views?${query({ as: state.me })}`);

/** Press a button or choose in a select. `place` is `{channel, ts}` or `{view_id}`. */
export const press = (place, action) => post("press", { ...place, ...action });
export const submitView = (viewId, values) => post("submit", { view_id: viewId, values });
export const closeView = (viewId) => post("close", { view_id: viewId });
export const runCommand = (channel, text) => post("command", { channel, text });
export const say = (channel, text, threadTs) =>
  post("say", { channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) });

/** Open the direct messages with a person or the app; resolves to `{ok, channel}`. */
export const openDirect = (user) => post("open_direct", { user });

export const readHome = () => call(`home?${query({ as: state.me })}`);

/** Open the app at its tab `home` or `messages`. */
export const openHome = (tab) => post("open_home", { tab });

/** Choose one of the app's shortcuts: in the menu of a message (`place` is `{channel, ts}`), or a global one. */
export const useShortcut = (callbackId, place = {}) => post("shortcut", { callback_id: callbackId, ...place });

/** Add an emoji to a message, or remove it. */
export const react = (channel, ts, name) => post("react", { channel, ts, name });
export const unreact = (channel, ts, name) => post("unreact", { channel, ts, name });

export const deleteMessage = (channel, ts) => post("delete", { channel, ts });

/** The options of an external select for a query. */
export const readOptions = (place, blockId, actionId, typed) =>
  post("options", { ...place, block_id: blockId, action_id: actionId, query: typed });

/** Upload a file; resolves to `{ok, file}` with Slack's file object. */
export const upload = (file) =>
  call(`upload?${query({ as: state.me, name: file.name })}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
