/** The websocket that keeps the page up to date, and the reload after it was disconnected. */
import { readHome, readMessages, readViews, readWorkspace } from "./api.js";
import { emit, myChannels, putMessage, setMessages, state } from "./state.js";

const RETRY_MS = [300, 600, 1200, 2500, 5000];
let socket = null;
let attempt = 0;
let retry = null;

/** Connect as the current person. An earlier connection is closed. */
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

/** Store the workspace as the server returns it. */
export function setWorkspace(workspace) {
  state.workspace = workspace;
  state.appConnected = Boolean(workspace.connected);
  emit("workspace");
  emit("connection");
}

/** Load everything: after connecting, and after switching to another person. */
export async function reload() {
  const me = state.me;
  const workspace = await readWorkspace();
  if (!workspace.ok || me !== state.me) return;
  setWorkspace(workspace);
  setLive(true);
  const views = await readViews();
  if (views.ok && me === state.me) setViews(views.views);
  const home = await readHome();
  if (home.ok && me === state.me) setHome(home.view);
  await Promise.all(myChannels().map((channel) => loadChannel(channel.id)));
}

/** Changes in a channel while its messages are being loaded. They may be newer than the response. */
const pendingChanges = new Map();

async function loadChannel(channelId) {
  const me = state.me;
  const events = [];
  pendingChanges.set(channelId, events);
  const answer = await readMessages(channelId);
  if (pendingChanges.get(channelId) === events) pendingChanges.delete(channelId);
  if (!answer.ok || me !== state.me) return;
  setMessages(channelId, answer.messages);
  for (const apply of events) apply();
  emit("messages", channelId);
}

/** Change a channel's messages now, and again after a load in progress. */
function change(channelId, apply) {
  apply();
  pendingChanges.get(channelId)?.push(apply);
  emit("messages", channelId);
}

function setViews(views) {
  state.views = views;
  emit("views");
}

function setHome(view) {
  state.home = view;
  emit("home");
}

/** Replace an item of a list of the workspace, or add it. */
function replaceById(list, item) {
  const items = state.workspace[list] ?? [];
  const isKnown = items.some((each) => each.id === item.id);
  state.workspace[list] = isKnown ? items.map((each) => (each.id === item.id ? item : each)) : [...items, item];
  emit("workspace");
}

/** Store a new or changed channel, and load its messages if they are not known. */
export function putChannel(channel) {
  replaceById("channels", channel);
  if (!state.messages.has(channel.id)) loadChannel(channel.id);
}

const receivers = {
  hello: (event) => event.people && setWorkspace(event),
  message: ({ message }) => change(message.channel, () => putMessage(message)),
  message_deleted: ({ channel, ts }) => change(channel, () => state.messages.get(channel)?.delete(ts)),
  views: ({ views }) => setViews(views),
  home: ({ view }) => setHome(view),
  notice: ({ text }) => emit("notice", text),
  app({ connected }) {
    state.appConnected = connected;
    emit("connection");
  },
  person: ({ person }) => replaceById("people", person),
  usergroup: ({ usergroup }) => replaceById("usergroups", usergroup),
  channel: ({ channel }) => putChannel(channel),
};

function receive(event) {
  if (event.type !== "hello" && !state.workspace) return;
  receivers[event.type]?.(event);
}
