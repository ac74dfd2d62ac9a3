/** The current person, channel and thread, in the address (`/#as=U…&channel=C…&thread=…`) and in localStorage. */
import { activePeople, channelOf, emit, isMine, isReply, myChannels, on, personOf, state } from "./state.js";

const KEY = "signoff.emulator.place";

/** A permalink, as `chat.getPermalink` returns it: `/#/archives/C…/p1790000000000000`. */
const PERMALINK = /^#\/archives\/(\w+)\/p(\d+)(\d{6})$/;

/** A message to jump to as soon as it is loaded. */
let wanted = null;

function fromAddress() {
  const link = PERMALINK.exec(location.hash);
  if (link) return { channel: link[1], message: `${link[2]}.${link[3]}` };
  return Object.fromEntries(new URLSearchParams(location.hash.replace(/^#/, "")));
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Choose the person and channel from the address, or from the last visit, or take the first ones. */
export function restorePlace() {
  const place = { ...remembered(), ...fromAddress() };
  state.me = (personOf(place.as) && !personOf(place.as).is_bot ? place.as : activePeople()[0]?.id) ?? null;
  state.channel = channelOf(place.channel) ? place.channel : null;
  state.thread = fromAddress().thread ?? null;
  wanted = fromAddress().message ? { channel: state.channel, ts: fromAddress().message } : null;
  ensureChannel();
  writePlace();
}

/** Fall back to the first channel if the current one cannot be shown: it is gone, or it is somebody else's. */
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
    // Storage may be disabled. The address still has everything.
  }
  const hash = `#${new URLSearchParams({ ...place, ...(state.thread ? { thread: state.thread } : {}) })}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

/** Show another channel and close the thread panel. */
export function showChannel(id) {
  if (id === state.channel) return;
  state.channel = id;
  state.thread = null;
  state.tab = "messages";
  writePlace();
  emit("channel");
  emit("thread");
}

/** Show a message: its channel, its thread if it is a reply, and its place in the list. */
export function showMessage(channelId, ts) {
  wanted = { channel: channelId, ts };
  showChannel(channelId);
  jump();
}

/** Jump to the wanted message if it is loaded. */
function jump() {
  const message = wanted && wanted.channel === state.channel && state.messages.get(wanted.channel)?.get(wanted.ts);
  if (!message) return;
  wanted = null;
  showThread(isReply(message) ? message.thread_ts : null);
  // After the lists were drawn by the other listeners of the same event.
  queueMicrotask(() => emit("jump", message.ts));
}

on("messages", jump);

/** Open the thread of a message, or close the panel with null. */
export function showThread(ts) {
  state.thread = ts;
  writePlace();
  emit("thread");
}

/** Act as another person. The listeners of `person` reconnect and redraw. */
export function actAs(id) {
  if (id === state.me) return;
  state.me = id;
  state.thread = null;
  state.messages = new Map();
  state.views = [];
  state.home = null;
  state.tab = "messages";
  ensureChannel();
  writePlace();
  emit("person");
  emit("views");
  emit("home");
  emit("channel");
  emit("thread");
}

/** Follow the address when it is edited or the person goes back. */
export function followAddress() {
  addEventListener("hashchange", () => {
    const place = fromAddress();
    if (personOf(place.as) && !personOf(place.as).is_bot) actAs(place.as);
    if (channelOf(place.channel)) showChannel(place.channel);
    if (place.message && channelOf(place.channel)) return showMessage(place.channel, place.message);
    if ((place.thread ?? null) !== state.thread) showThread(place.thread ?? null);
  });
}
