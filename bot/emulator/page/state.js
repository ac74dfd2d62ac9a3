/** The state of the page: the workspace, the current person, and that person's messages and modals. */

export const state = {
  /** The response of `GET /control/workspace`; null until it arrives. */
  workspace: null,
  /** Id of the person that the page acts as. */
  me: null,
  /** Id of the current channel. */
  channel: null,
  /** `ts` of the message whose thread is open, or null. */
  thread: null,
  /** channel id -> Map of ts -> message. */
  messages: new Map(),
  /** The app's tab that is shown in its direct messages: `home` or `messages`. */
  tab: "messages",
  /** The home tab that the app has published for the person, or null. */
  home: null,
  /** The person's open modals, bottom first. */
  views: [],
  /** Whether the app is connected, and whether the page is. */
  appConnected: false,
  live: false,
};

const bus = new EventTarget();

/**
 * Listen to `workspace`, `person`, `channel`, `thread`, `messages` (detail: channel id), `jump` (detail: `ts`), `views`,
 * `home`, `tab`, `connection`, `unread` or `notice` (detail: text).
 */
export const on = (type, listener) => bus.addEventListener(type, (event) => listener(event.detail));
export const emit = (type, detail) => bus.dispatchEvent(new CustomEvent(type, { detail }));

/** The person with this id, or null. */
export const personOf = (id) => state.workspace?.people.find((person) => person.id === id) ?? null;

/** The channel with this id, or null. */
export const channelOf = (id) => state.workspace?.channels.find((channel) => channel.id === id) ?? null;

/** The current person's time zone. */
export const myZone = () => personOf(state.me)?.tz || Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The people that one can act as: all except the app and deactivated people. */
export const activePeople = () =>
  (state.workspace?.people ?? []).filter((person) => !person.is_bot && !person.deleted);

/** Whether the channel is in the current person's sidebar. Public channels are in everybody's. */
export function isMine(channel) {
  if (channel.is_im) return channel.members.includes(state.me);
  return !channel.is_private || channel.members.includes(state.me);
}

/** Whether one can post in the channel. */
export const isOpen = (channel) => isMine(channel) && !channel.is_archived;

/** The user group with this id, or null. */
export const groupOf = (id) => state.workspace?.usergroups?.find((group) => group.id === id) ?? null;

/** The channels in the current person's sidebar. */
export const myChannels = () =>
  (state.workspace?.channels ?? []).filter((channel) => !channel.is_archived && isMine(channel));

/** The id of the other member of direct messages. It is the current person if they write to themselves. */
export const otherIn = (channel) => channel.members.find((id) => id !== state.me) ?? state.me;

/** The current person's direct messages with somebody, or null if they were never opened. */
export const directWith = (id) =>
  myChannels().find((channel) => channel.is_im && otherIn(channel) === id) ?? null;

/** Whether these are direct messages with the app. */
export const isWithApp = (channel) =>
  channel.is_im && channel.members.includes(state.workspace.app.bot_user_id);

/** The channel's title: `#releases`, or for direct messages the other member's name. */
export function channelTitle(channel) {
  if (!channel.is_im) return `#${channel.name}`;
  const person = personOf(otherIn(channel));
  return person?.real_name || person?.name || "Direct messages";
}

/** Whether an app posted the message. */
export const isFromApp = (message) =>
  Boolean(message.bot_id) || message.user === state.workspace?.app.bot_user_id;

/** Whether the current person can delete the message: their own, or any message as an administrator. */
export const canDelete = (message) =>
  message.subtype !== "tombstone" && (message.user === state.me || Boolean(personOf(state.me)?.is_admin));

/** Name and colour of a message's author. */
export function authorOf(message) {
  if (message.user === "USLACKBOT") return { id: message.user, name: "Slackbot", app: false, person: null };
  if (isFromApp(message)) {
    return { id: message.user, name: message.username ?? state.workspace.app.name, app: true };
  }
  const person = personOf(message.user);
  return {
    id: message.user,
    name: person?.real_name || person?.name || message.user || "Unknown person",
    app: false,
    person,
  };
}

/** Messages of a channel, oldest first. */
export function messagesOf(channelId) {
  const all = [...(state.messages.get(channelId)?.values() ?? [])];
  return all.sort((a, b) => Number(a.ts) - Number(b.ts));
}

/** Whether a message is a reply, which only the thread panel shows. */
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

/** The replies to a message, oldest first. */
export const repliesTo = (channelId, ts) =>
  messagesOf(channelId).filter((m) => isReply(m) && m.thread_ts === ts);

/** Store a new or changed message. */
export function putMessage(message) {
  if (message.ephemeral_to && message.ephemeral_to !== state.me) return;
  if (!state.messages.has(message.channel)) state.messages.set(message.channel, new Map());
  state.messages.get(message.channel).set(message.ts, message);
}

/** Replace the messages of a channel. */
export function setMessages(channelId, messages) {
  state.messages.set(channelId, new Map());
  for (const message of messages) putMessage({ channel: channelId, ...message });
}
