/** What a person has read in each channel. It is kept in localStorage, so that the badges survive a reload. */
import { channelOf, emit, groupOf, isReply, messagesOf, state } from "./state.js";

const key = (person, channel) => `signoff.emulator.read.${person}.${channel}`;

/** `ts` of the newest message that the person has seen in the channel, or "0". */
export function lastRead(channelId) {
  try {
    return localStorage.getItem(key(state.me, channelId)) ?? "0";
  } catch {
    return "0";
  }
}

/** Whether a message mentions the current person: by name, as a member of a group, or with everybody else. */
function mentionsMe(message) {
  const text = JSON.stringify([message.text, message.blocks ?? []]);
  if (text.includes(`<@${state.me}>`) || text.includes(`<@${state.me}|`)) return true;
  if (/<!(?:here|channel|everyone)[>|]/.test(text)) return true;
  const groups = [...text.matchAll(/<!subteam\^(\w+)/g)].map((match) => groupOf(match[1]));
  return groups.some((group) => group?.users?.includes(state.me));
}

/**
 * What the current person has not read in a channel. As in Slack, a reply counts only if it mentions them, and
 * `mentions`, which get a red badge, are messages that mention them and all direct messages.
 * @returns {{messages: number, mentions: number}}
 */
export function unreadIn(channelId) {
  const seen = Number(lastRead(channelId));
  const direct = Boolean(channelOf(channelId)?.is_im);
  let [messages, mentions] = [0, 0];
  for (const message of messagesOf(channelId)) {
    if (Number(message.ts) <= seen || message.user === state.me) continue;
    const isForMe = direct || mentionsMe(message);
    if (isForMe) mentions += 1;
    if (isForMe || !isReply(message)) messages += 1;
  }
  return { messages, mentions };
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
