/** The websocket that keeps the page live, and the reload after it was lost. */
import { readMessages, readViews, readWorkspace } from "./api.js";
import { emit, myChannels, putMessage, setMessages, state } from "./state.js";

const RETRY_MS = [300, 600, 1200, 2500, 5000];
let socket = null;
let attempt = 0;
let retry = null;

/** Connect for the person acted as; an earlier connection is dropped. */
export function connect() {
  clearTimeout(retry);
  const previous = socket;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/control/updates?as=${encodeURIComponent(state.me)}`);
  const mine = socket;
  previous?.close();
  mine.onmessage = (event) => mine === socket && receive(JSON.parse(event.data));
  mine.onopen = () => {
    attempt = 0;
    reload();
  };
  mine.onclose = () => {
    if (mine !== socket) return;
    setLive(false);
    retry = setTimeout(connect, RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
  };
}

function setLive(live) {
  if (state.live === live) return;
  state.live = live;
  emit("connection");
}

/** Take the workspace in as the server gives it. */
export function takeWorkspace(workspace) {
  state.workspace = workspace;
  state.appConnected = Boolean(workspace.connected);
  emit("workspace");
  emit("connection");
}

/** Read everything again: after connecting, and after the person was switched. */
export async function reload() {
  const me = state.me;
  const workspace = await readWorkspace();
  if (!workspace.ok || me !== state.me) return;
  takeWorkspace(workspace);
  setLive(true);
  const views = await readViews();
  if (views.ok && me === state.me) takeViews(views.views);
  await Promise.all(myChannels().map((channel) => loadChannel(channel.id)));
}

/** What happened in a channel while its messages were being read: newer than the answer may be. */
const meanwhile = new Map();

async function loadChannel(channelId) {
  const me = state.me;
  const events = [];
  meanwhile.set(channelId, events);
  const answer = await readMessages(channelId);
  if (meanwhile.get(channelId) === events) meanwhile.delete(channelId);
  if (!answer.ok || me !== state.me) return;
  setMessages(channelId, answer.messages);
  for (const apply of events) apply();
  emit("messages", channelId);
}

/** Change a channel's messages now, and once more after a reading under way. */
function change(channelId, apply) {
  apply();
  meanwhile.get(channelId)?.push(apply);
  emit("messages", channelId);
}

function takeViews(views) {
  state.views = views;
  emit("views");
}

/** Replace an item of a list of the workspace, or add it. */
function replaceById(list, item) {
  const items = state.workspace[list] ?? [];
  const isKnown = items.some((each) => each.id === item.id);
  state.workspace[list] = isKnown ? items.map((each) => (each.id === item.id ? item : each)) : [...items, item];
  emit("workspace");
}

const receivers = {
  hello: (event) => event.people && takeWorkspace(event),
  message: ({ message }) => change(message.channel, () => putMessage(message)),
  message_deleted: ({ channel, ts }) => change(channel, () => state.messages.get(channel)?.delete(ts)),
  views: ({ views }) => takeViews(views),
  notice: ({ text }) => emit("notice", text),
  app({ connected }) {
    state.appConnected = connected;
    emit("connection");
  },
  person: ({ person }) => replaceById("people", person),
  usergroup: ({ usergroup }) => replaceById("usergroups", usergroup),
  channel({ channel }) {
    replaceById("channels", channel);
    if (!state.messages.has(channel.id)) loadChannel(channel.id);
  },
};

function receive(event) {
  if (event.type !== "hello" && !state.workspace) return;
  receivers[event.type]?.(event);
}
