/** The current channel: its header, messages and composer. */
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { atHome, drawHome, drawTabs } from "./home.js";
import { icon } from "./icons.js";
import { MessageList } from "./message_list.js";
import { inline } from "./mrkdwn.js";
import { avatar, personAvatar } from "./people.js";
import { lastRead, markRead } from "./read.js";
import { searchButton } from "./search.js";
import {
  channelOf,
  channelTitle,
  isOpen,
  isReply,
  isWithApp,
  messagesOf,
  on,
  otherIn,
  personOf,
  state,
} from "./state.js";

/** Draw the main part of the page. @param {{openDrawer: () => void}} actions */
export function drawChannel({ openDrawer }) {
  const head = h("header.channel-head");
  const list = new MessageList({ label: "Messages" });
  const composer = new Composer({ onsend: () => list.toEnd() });
  const tabs = drawTabs();
  const home = drawHome();
  const node = h("main.channel", { id: "channel" }, head, tabs.node, home.node, list.node, composer.node);
  const search = searchButton();
  let newAfter = null;

  function drawHead() {
    const channel = channelOf(state.channel);
    fill(
      head,
      h(
        "button.icon-button.only-narrow",
        { type: "button", "aria-label": "Open the sidebar", onclick: openDrawer },
        icon("menu"),
      ),
      channel && [
        h(
          "h1.channel-head__title",
          {},
          channel.is_im ? directAvatar(channel, "small") : icon(channel.is_private ? "lock" : "hash", 18),
          h("span.channel-head__name", {}, channel.is_im ? channelTitle(channel) : channel.name),
        ),
        channel.topic && h("div.channel-head__topic", {}, inline(channel.topic)),
        !channel.is_im && members(channel),
      ],
      search,
    );
  }

  /** Show the app's home in place of the messages, or the messages. */
  function drawTab() {
    tabs.update();
    const isHome = atHome();
    home.node.hidden = !isHome;
    list.node.hidden = isHome;
    composer.node.hidden = isHome;
    if (!isHome) see();
  }

  function drawIntro() {
    const channel = channelOf(state.channel);
    if (!channel) return fill(list.top);
    const [title, words] = channel.is_im
      ? [channelTitle(channel), beginning(channel)]
      : [`# ${channel.name}`, `This is the very beginning of the #${channel.name} channel.`];
    return fill(
      list.top,
      h(
        "div.intro",
        {},
        h(
          "div.intro__sign",
          { "aria-hidden": "true" },
          channel.is_im ? directAvatar(channel, "large") : icon("hash", 30),
        ),
        h("h2.intro__title", {}, title),
        h("p", {}, words),
        !channel.is_im && h("p", {}, "When a flow asks a question here, its card appears below."),
      ),
    );
  }

  function drawMessages() {
    const channel = channelOf(state.channel);
    const messages = channel ? messagesOf(channel.id).filter((message) => !isReply(message)) : [];
    list.update(messages, { newAfter });
    see();
  }

  /** Mark visible messages as read while the page is visible. */
  function see() {
    if (document.visibilityState === "visible" && !atHome() && list.atEnd && state.channel) markRead(state.channel);
  }

  function show() {
    const channel = channelOf(state.channel);
    newAfter = state.channel ? lastRead(state.channel) : null;
    if (newAfter === "0") newAfter = null;
    list.reset(channel ? `Messages in ${channelTitle(channel)}` : "Messages");
    drawHead();
    drawTab();
    drawIntro();
    composer.update(channel && isOpen(channel) ? channel : null);
    drawMessages();
  }

  on("channel", show);
  on("person", show);
  on("tab", drawTab);
  on("workspace", () => {
    drawHead();
    drawTab();
    drawIntro();
    const channel = channelOf(state.channel);
    composer.update(channel && isOpen(channel) ? channel : null);
    drawMessages();
  });
  on("messages", (id) => id === state.channel && drawMessages());
  on("thread", drawMessages);
  on("jump", (ts) => list.reveal(ts));
  document.addEventListener("visibilitychange", see);
  list.scroller.addEventListener("scroll", see, { passive: true });
  setInterval(drawMessages, 60_000);
  show();
  return { node, focus: () => composer.focus() };
}

const directAvatar = (channel, size) =>
  avatar({ id: otherIn(channel), name: channelTitle(channel), app: isWithApp(channel) }, size);

const beginning = (channel) =>
  otherIn(channel) === state.me
    ? "This is your space. Nobody else sees what you write here."
    : `This is the very beginning of your messages with ${channelTitle(channel)}.`;

function members(channel) {
  const people = (channel.members ?? []).map(personOf).filter(Boolean);
  if (!people.length) return null;
  const names = people.map((person) => person.real_name || person.name).join(", ");
  return h(
    "div.channel-head__members",
    { title: names, role: "img", "aria-label": `${people.length} members: ${names}` },
    people.slice(0, 3).map((person) => personAvatar(person, "tiny")),
    h("span", {}, String(people.length)),
  );
}
