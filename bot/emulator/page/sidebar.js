/** The sidebar: channels with unread counts, people, the app, and the current person. */
import { showFailure } from "./actions.js";
import { openDirect } from "./api.js";
import { h, syncChildren } from "./dom.js";
import { icon } from "./icons.js";
import { attachMenu } from "./menu.js";
import { avatar, personAvatar } from "./people.js";
import { unreadIn } from "./read.js";
import { actAs, showChannel } from "./route.js";
import { activePeople, channelOf, channelTitle, directWith, myChannels, on, personOf, state } from "./state.js";
import { putChannel } from "./updates.js";
import { themeButton } from "./theme.js";

const WORKSPACE = "Signoff workspace";

const NOTHING = { messages: 0, mentions: 0 };

const isSeen = (channel) => channel.id === state.channel && document.visibilityState === "visible";

/** A red badge for mentions and direct messages. Other unread messages only make the row bold, as in Slack. */
function badge(messages, mentions, direct) {
  if (!messages) return [];
  if (!mentions) return [h("span.visually-hidden", {}, " unread")];
  const what = direct ? "unread" : mentions === 1 ? "mention" : "mentions";
  return [h("span.count", {}, String(mentions), h("span.visually-hidden", {}, ` ${what}`))];
}

/** Show the direct messages with somebody, which are opened if necessary. The app hears each time, as in Slack. */
async function showDirect(id) {
  const known = directWith(id);
  if (known) showChannel(known.id);
  if (known && id !== state.workspace.app.bot_user_id) return;
  const me = state.me;
  const answer = await openDirect(id);
  if (!answer.ok) return showFailure(answer);
  putChannel(answer.channel);
  if (!known && me === state.me) showChannel(answer.channel.id);
}

/** @param {{closeDrawer: () => void}} actions */
export function drawSidebar({ closeDrawer }) {
  const channels = h("ul.side-list", { role: "list" });
  const people = h("ul.side-list", { role: "list" });
  const apps = h("ul.side-list", { role: "list" });
  const connection = h("div.connection", { role: "status" });
  const me = h("button.me", { type: "button" });
  const name = h("span");
  const rows = new Map();

  const section = (title, list) =>
    h("section.side-section", { "aria-label": title }, h("h2.side-section__title", {}, title), list);
  const node = h(
    "nav.sidebar",
    { id: "sidebar", "aria-label": "Workspace" },
    h(
      "header.sidebar__head",
      {},
      h("span.sidebar__mark", { "aria-hidden": "true" }, icon("check", 18)),
      h("strong.sidebar__name", {}, name),
      h(
        "button.icon-button.only-narrow",
        { type: "button", "aria-label": "Close the sidebar", onclick: closeDrawer },
        icon("close"),
      ),
    ),
    connection,
    h(
      "div.sidebar__scroll",
      {},
      section("Channels", channels),
      section("Direct messages", people),
      section("Apps", apps),
    ),
    h("footer.sidebar__foot", {}, me, themeButton()),
  );

  attachMenu(me, {
    label: "Act as",
    header: () => h("div.menu__header", {}, "Act as"),
    items: () =>
      activePeople().map((person) => ({
        checked: person.id === state.me,
        content: [
          personAvatar(person, "medium"),
          h(
            "span.menu__main",
            {},
            h("span.menu__text", {}, person.real_name || person.name),
            h("span.menu__description", {}, person.title),
          ),
        ],
        onchoose: () => actAs(person.id),
      })),
  });

  /** A row that shows a channel, or opens direct messages: one node per key, so that it keeps its focus. */
  function row(key, channel, open, content) {
    if (!rows.has(key)) {
      const button = h("button.side-row", { type: "button", onclick: () => rows.get(key).open() });
      rows.set(key, { node: h("li", {}, button), button });
    }
    const known = rows.get(key);
    known.open = () => {
      open();
      closeDrawer();
    };
    const isCurrent = Boolean(channel) && channel.id === state.channel;
    const { messages, mentions } = channel && !isSeen(channel) ? unreadIn(channel.id) : NOTHING;
    known.button.dataset.channel = channel?.id ?? "";
    known.button.classList.toggle("side-row--unread", messages > 0);
    if (isCurrent) known.button.setAttribute("aria-current", "page");
    else known.button.removeAttribute("aria-current");
    known.button.replaceChildren(...content, ...badge(messages, mentions, channel?.is_im));
    return known.node;
  }

  const channelRow = (channel) =>
    row(channel.id, channel, () => showChannel(channel.id), [
      icon(channel.is_private ? "lock" : "hash", 17),
      h("span.side-row__name", {}, channel.name),
    ]);

  function personRow(person) {
    const you = person.id === state.me && h("span.side-row__you", {}, "you");
    return row(person.id, directWith(person.id), () => showDirect(person.id), [
      personAvatar(person, "small"),
      h(
        "span.side-row__name",
        { title: [person.title, person.tz].filter(Boolean).join(" · ") },
        person.real_name || person.name,
        you,
      ),
    ]);
  }

  function appRow() {
    const { app } = state.workspace;
    const id = app.bot_user_id;
    return row(id, directWith(id), () => showDirect(id), [
      avatar({ id, name: app.name, app: true }, "small"),
      h("span.side-row__name", {}, app.name),
    ]);
  }

  function draw() {
    if (!state.workspace) return;
    const mine = myChannels();
    name.textContent = WORKSPACE;
    syncChildren(channels, mine.filter((channel) => !channel.is_im).map(channelRow));
    syncChildren(people, activePeople().map(personRow));
    syncChildren(apps, [appRow()]);
    const person = personOf(state.me);
    me.setAttribute("aria-label", `Acting as ${person?.real_name || person?.name}. Switch person`);
    me.replaceChildren(
      personAvatar(person, "medium"),
      h(
        "span.me__main",
        {},
        h("span.me__name", {}, person.real_name || person.name),
        h("span.me__title", {}, person.title || "Acting as"),
      ),
      icon("updown", 16),
    );
    drawTitle(mine);
  }

  function drawTitle(mine) {
    const unread = mine.filter((channel) => channel.id !== state.channel).map(({ id }) => unreadIn(id));
    const mentions = unread.reduce((sum, each) => sum + each.mentions, 0);
    const mark = mentions ? `(${mentions}) ` : unread.some((each) => each.messages) ? "* " : "";
    const channel = channelOf(state.channel);
    document.title = `${mark}${channel ? `${channelTitle(channel)} – ` : ""}${WORKSPACE}`;
  }

  function drawConnection() {
    const [words, kind] = !state.live
      ? ["Reconnecting…", "lost"]
      : state.appConnected
        ? [`${state.workspace?.app.name ?? "App"} is connected`, "on"]
        : [`${state.workspace?.app.name ?? "App"} is not connected`, "off"];
    connection.className = `connection connection--${kind}`;
    if (connection.textContent !== words)
      connection.replaceChildren(h("span.connection__dot", { "aria-hidden": "true" }), words);
  }

  for (const event of ["workspace", "person", "channel", "messages", "unread"]) on(event, draw);
  on("connection", drawConnection);
  draw();
  drawConnection();
  return { node };
}
