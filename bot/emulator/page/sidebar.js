/** The sidebar: channels with unread counts, people, the app, and the current person. */
import { h, syncChildren } from "./dom.js";
import { icon } from "./icons.js";
import { attachMenu } from "./menu.js";
import { avatar, personAvatar } from "./people.js";
import { unreadCount } from "./read.js";
import { actAs, showChannel } from "./route.js";
import { activePeople, channelOf, channelTitle, myChannels, on, personOf, state } from "./state.js";
import { themeButton } from "./theme.js";

const WORKSPACE = "Signoff workspace";

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
      section("Apps", apps),
      section("People", people),
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

  function channelRow(channel) {
    const key = channel.id;
    if (!rows.has(key)) {
      const button = h("button.side-row", {
        type: "button",
        dataset: { channel: key },
        onclick: () => {
          showChannel(key);
          closeDrawer();
        },
      });
      rows.set(key, { node: h("li", {}, button), button });
    }
    const row = rows.get(key);
    const { app } = state.workspace;
    const unread = key === state.channel && document.visibilityState === "visible" ? 0 : unreadCount(key);
    const sign = channel.is_im
      ? avatar({ id: app.bot_user_id, name: app.name, app: true }, "small")
      : icon(channel.is_private ? "lock" : "hash", 17);
    row.button.classList.toggle("side-row--unread", unread > 0);
    if (key === state.channel) row.button.setAttribute("aria-current", "page");
    else row.button.removeAttribute("aria-current");
    row.button.replaceChildren(
      sign,
      h("span.side-row__name", {}, channel.is_im ? channelTitle(channel) : channel.name),
      ...(unread ? [h("span.count", {}, String(unread), h("span.visually-hidden", {}, " unread"))] : []),
    );
    return row.node;
  }

  const personRow = (person) =>
    h(
      "li.side-row.side-row--person",
      { title: [person.title, person.tz].filter(Boolean).join(" · ") },
      personAvatar(person, "small"),
      h(
        "span.side-row__name",
        {},
        person.real_name || person.name,
        person.id === state.me && h("span.side-row__you", {}, "you"),
      ),
    );

  /** The app before it has sent the person a direct message: there is nothing to open yet. */
  function silentApp() {
    const { app } = state.workspace;
    return h(
      "li.side-row.side-row--person",
      { title: "No direct messages yet" },
      avatar({ id: app.bot_user_id, name: app.name, app: true }, "small"),
      h("span.side-row__name", {}, app.name),
    );
  }

  function draw() {
    if (!state.workspace) return;
    const mine = myChannels();
    name.textContent = WORKSPACE;
    syncChildren(channels, mine.filter((channel) => !channel.is_im).map(channelRow));
    const direct = mine.filter((channel) => channel.is_im);
    syncChildren(apps, direct.length ? direct.map(channelRow) : [silentApp()]);
    people.replaceChildren(...activePeople().map(personRow));
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
    const unread = mine
      .filter((channel) => channel.id !== state.channel)
      .reduce((sum, channel) => sum + unreadCount(channel.id), 0);
    const channel = channelOf(state.channel);
    document.title = `${unread ? `(${unread}) ` : ""}${channel ? `${channelTitle(channel)} – ` : ""}${WORKSPACE}`;
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
