/** The tabs of the app, “Home” and “Messages”, and the home tab that the app has published for the current person. */
import { openHome } from "./api.js";
import { BlockList } from "./blocks/list.js";
import { showFailure } from "./actions.js";
import { fill, h } from "./dom.js";
import { channelOf, emit, isWithApp, on, state } from "./state.js";

const TABS = { home: "Home", messages: "Messages" };

/** Whether the current channel is the app's, and has tabs. */
export const hasTabs = () => {
  const channel = channelOf(state.channel);
  return Boolean(channel && isWithApp(channel) && state.workspace.app.home_tab);
};

/** Whether the home tab is open. */
export const atHome = () => hasTabs() && state.tab === "home";

/** Open one of the tabs. The app hears of it each time, as in Slack. */
async function openTab(tab) {
  state.tab = tab;
  emit("tab");
  const answer = await openHome(tab);
  if (!answer.ok) showFailure(answer);
}

/** Draw the tabs. The arrow keys move between them. */
export function drawTabs() {
  const buttons = Object.entries(TABS).map(([tab, name]) =>
    h(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: `tab-${tab}`,
        "aria-controls": `panel-${tab}`,
        dataset: { tab },
        onclick: () => openTab(tab),
      },
      name,
    ),
  );
  const node = h(
    "div.tabs",
    {
      role: "tablist",
      "aria-label": "App",
      hidden: true,
      onkeydown: (event) => {
        if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
        const other = buttons.find((each) => each !== document.activeElement);
        event.preventDefault();
        other.focus();
        other.click();
      },
    },
    buttons,
  );
  const update = () => {
    node.hidden = !hasTabs();
    for (const button of buttons) {
      const isOpen = button.dataset.tab === (state.tab === "home" ? "home" : "messages");
      button.setAttribute("aria-selected", String(isOpen));
      button.tabIndex = isOpen ? 0 : -1;
    }
  };
  return { node, update };
}

/** Draw the home tab, which changes whenever the app publishes it again. */
export function drawHome() {
  const body = h("div.home__blocks");
  const empty = h("p.home__empty", {}, "The app has not published anything here yet.");
  const node = h(
    "div.home",
    { role: "tabpanel", id: "panel-home", "aria-labelledby": "tab-home", tabindex: "-1", hidden: true },
    h("div.home__page", {}, empty, body),
  );
  let blocks = null;
  let id = null;

  function draw() {
    const view = state.home;
    empty.hidden = Boolean(view);
    if (view?.id !== id) {
      id = view?.id ?? null;
      fill(body);
      blocks = view && new BlockList(body, { kind: "home", place: { view_id: view.id } });
    }
    blocks?.update(view.blocks);
  }

  on("home", draw);
  draw();
  return { node };
}
