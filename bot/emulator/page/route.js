/** Whom the page acts as and what it shows: in the address (`/#as=U…&channel=C…&thread=…`) and in localStorage. */
import { channelOf, emit, humans, isMine, myChannels, personOf, state } from "./state.js";

const KEY = "signoff.emulator.place";

const fromAddress = () => Object.fromEntries(new URLSearchParams(location.hash.replace(/^#/, "")));

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Choose person and channel from the address, else from the last visit, else the first there is. */
export function restorePlace() {
  const place = { ...remembered(), ...fromAddress() };
  state.me = (personOf(place.as) && !personOf(place.as).is_bot ? place.as : humans()[0]?.id) ?? null;
  state.channel = channelOf(place.channel) ? place.channel : null;
  state.thread = fromAddress().thread ?? null;
  ensureChannel();
  writePlace();
}

/** A direct message of somebody else, or a channel that is gone, cannot be shown: fall back to the first own one. */
function ensureChannel() {
  const channel = channelOf(state.channel);
  if (channel && isMine(channel)) return;
  state.channel =
    (myChannels().find((each) => !each.is_im) ?? myChannels()[0] ?? state.workspace.channels[0])?.id ?? null;
}

function writePlace() {
  const place = { as: state.me ?? "", channel: state.channel ?? "" };
  try {
    localStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // Storage may be off; the address still carries the place.
  }
  const hash = `#${new URLSearchParams({ ...place, ...(state.thread ? { thread: state.thread } : {}) })}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

/** Show another channel; its thread panel closes. */
export function showChannel(id) {
  if (id === state.channel) return;
  state.channel = id;
  state.thread = null;
  writePlace();
  emit("channel");
  emit("thread");
}

/** Open the thread under a message, or close it with null. */
export function showThread(ts) {
  state.thread = ts;
  writePlace();
  emit("thread");
}

/** Act as another person. Listeners of `person` reconnect and redraw. */
export function actAs(id) {
  if (id === state.me) return;
  state.me = id;
  state.thread = null;
  state.messages = new Map();
  state.views = [];
  ensureChannel();
  writePlace();
  emit("person");
  emit("views");
  emit("channel");
  emit("thread");
}

/** Follow the address when somebody edits it or goes back. */
export function followAddress() {
  addEventListener("hashchange", () => {
    const place = fromAddress();
    if (personOf(place.as) && !personOf(place.as).is_bot) actAs(place.as);
    if (channelOf(place.channel)) showChannel(place.channel);
    if ((place.thread ?? null) !== state.thread) showThread(place.thread ?? null);
  });
}
