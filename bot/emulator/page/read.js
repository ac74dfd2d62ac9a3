/** What a person has read in each channel. It is kept in localStorage, so that the badges survive a reload. */
import { emit, messagesOf, state } from "./state.js";

const key = (person, channel) => `signoff.emulator.read.${person}.${channel}`;

/** `ts` of the newest message that the person has seen in the channel, or "0". */
export function lastRead(channelId) {
  try {
    return localStorage.getItem(key(state.me, channelId)) ?? "0";
  } catch {
    return "0";
  }
}

/** The number of unread messages from others in the channel. */
export function unreadCount(channelId) {
  const seen = Number(lastRead(channelId));
  return messagesOf(channelId).filter((message) => Number(message.ts) > seen && message.user !== state.me)
    .length;
}

/** Mark all messages in the channel as read. */
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
