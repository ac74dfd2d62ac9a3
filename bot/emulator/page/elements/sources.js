/** The sources of a select's options: the element itself, the app, the people, or the channels. */
import { readOptions } from "../api.js";
import { avatar, personAvatar } from "../people.js";
import { icon } from "../icons.js";
import { plainText, textNodes } from "../mrkdwn.js";
import { activePeople, channelOf, channelTitle, isWithApp, myChannels, otherIn, personOf } from "../state.js";

/**
 * @typedef {object} Item an option
 * @property {string} key identifies the option
 * @property {string} text its text, for searching and for screen readers
 * @property {any} raw the value in the state value object
 * @property {() => any} draw
 * @property {string} [description]
 *
 * @typedef {{label: string|null, items: Item[]}} Group
 *
 * @typedef {object} Source
 * @property {(typed: string) => Group[] | Promise<Group[]>} load
 * @property {(raw: any) => Item} item the option for a value
 * @property {(item: Item) => boolean} has whether the option still exists
 * @property {number} [minimum] the number of letters before the app is asked
 */

const optionItem = (option) => ({
  key: option.value,
  text: plainText(option.text),
  raw: option,
  description: option.description ? plainText(option.description) : "",
  draw: () => textNodes(option.text),
});

const optionGroups = ({ options, option_groups: groups }) =>
  groups
    ? groups.map((group) => ({ label: plainText(group.label), items: group.options.map(optionItem) }))
    : [{ label: null, items: (options ?? []).map(optionItem) }];

/** Keep the options whose text or description contains every word of the query. */
export function search(groups, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const hit = (item) =>
    words.every((word) => `${item.text} ${item.description ?? ""}`.toLowerCase().includes(word));
  return groups
    .map((group) => ({ ...group, items: group.items.filter(hit) }))
    .filter((group) => group.items.length);
}

const staticSource = (element) => ({
  load: (typed) => search(optionGroups(element), typed),
  item: optionItem,
  has: (item) => optionGroups(element).some(({ items }) => items.some(({ key }) => key === item.key)),
});

const externalSource = (element, env) => ({
  minimum: element.min_query_length ?? 3,
  item: optionItem,
  has: () => true,
  async load(typed) {
    const answer = await readOptions(env.surface.place, env.blockId, element.action_id, typed);
    if (!answer.ok) throw new Error(answer.message || "The app did not respond.");
    return optionGroups(answer).filter((group) => group.items.length);
  },
});

function personItem(person) {
  return {
    key: person.id,
    text: person.real_name || person.name,
    raw: person.id,
    description: person.title ?? "",
    draw: () => [personAvatar(person, "small"), person.real_name || person.name],
  };
}

const peopleSource = () => ({
  load: (typed) => search([{ label: null, items: activePeople().map(personItem) }], typed),
  item: (id) => personItem(personOf(id) ?? { id, name: id }),
  has: (item) => Boolean(personOf(item.key)),
});

function channelItem(channel) {
  const title = channelTitle(channel);
  return {
    key: channel.id,
    text: title,
    raw: channel.id,
    description: "",
    draw: () =>
      channel.is_im
        ? [avatar({ id: otherIn(channel), name: title, app: isWithApp(channel) }, "small"), title]
        : [icon(channel.is_private ? "lock" : "hash", 16), channel.name],
  };
}

/** `filter.include` of a conversations select: public, private, im (mpim does not exist here). */
function included(channel, filter) {
  if (filter?.exclude_bot_users && isWithApp(channel)) return false;
  if (!filter?.include) return true;
  if (channel.is_im) return filter.include.includes("im");
  return filter.include.includes(channel.is_private ? "private" : "public");
}

const channelsSource = (keep) => ({
  load: (typed) => search([{ label: null, items: myChannels().filter(keep).map(channelItem) }], typed),
  item: (id) => channelItem(channelOf(id) ?? { id, name: id }),
  has: (item) => Boolean(channelOf(item.key)),
});

/** @type {Record<string, (element: object, env: object) => Source>} */
export const SOURCES = {
  static: staticSource,
  external: externalSource,
  users: peopleSource,
  channels: () => channelsSource((channel) => !channel.is_im && !channel.is_private),
  conversations: (element) => channelsSource((channel) => included(channel, element.filter)),
};
