/** What the person has read, per channel, kept in localStorage so that badges survive a reload. */
import { emit, messagesOf, state } from "./state.js";

const key = (person, channel) => `signoff.emulator.read.${person}.${channel}`;

/** `ts` of the newest message the person has seen in the channel, "0" when none. */
export function lastRead(channelId) {
  try {
    return localStorage.getItem(key(state.me, channelId)) ?? "0";
  } catch {
    return "0";
  }
}

/** How many messages of others wait in the channel. */
export function unreadCount(channelId) {
  const seen = Number(lastRead(channelId));
  return messagesOf(channelId).filter((message) => Number(message.ts) > seen && message.user !== state.me)
    .length;
}

/** Everything in the channel has been seen. */
export function markRead(channelId) {
  const newest = messagesOf(channelId).at(-1)?.ts;
  if (!newest || Number(newest) <= Number(lastRead(channelId))) return;
  try {
    localStorage.setItem(key(state.me, channelId), newest);
  } catch {
    return;
  }
  emit("unread");
}
