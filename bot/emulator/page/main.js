/** Starts the page: loads the workspace, draws its parts and connects. */
import { readWorkspace } from "./api.js";
import { drawChannel } from "./channel.js";
import { fill, h } from "./dom.js";
import { connect, setWorkspace } from "./updates.js";
import { watchModals } from "./modal_stack.js";
import { followAddress, restorePlace } from "./route.js";
import { drawSidebar } from "./sidebar.js";
import { on } from "./state.js";
import { restoreTheme } from "./theme.js";
import { drawThread } from "./thread.js";
import { toast } from "./toast.js";

const RETRY_MS = 1000;

/** Shows the sidebar as a drawer on a narrow screen. */
function makeDrawer(root) {
  let opener = null;
  const close = () => {
    if (!root.classList.contains("drawer-open")) return;
    root.classList.remove("drawer-open");
    opener?.focus();
  };
  const open = () => {
    opener = document.activeElement;
    root.classList.add("drawer-open");
    document.querySelector("#sidebar button")?.focus();
  };
  root.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && close());
  return { open, close };
}

async function start() {
  restoreTheme();
  const root = document.getElementById("app");
  const workspace = await readWorkspace();
  if (!workspace.ok) {
    fill(root, h("p.starting", { role: "status" }, "Waiting for the workspace…"));
    setTimeout(start, RETRY_MS);
    return;
  }
  setWorkspace(workspace);
  restorePlace();
  const drawer = makeDrawer(root);
  const sidebar = drawSidebar({ closeDrawer: drawer.close });
  const channel = drawChannel({ openDrawer: drawer.open });
  const thread = drawThread();
  fill(root, sidebar.node, h("div.drawer-shade", { onclick: drawer.close }), channel.node, thread.node);
  document.getElementById("skip").addEventListener("click", channel.focus);
  watchModals({ focusPage: channel.focus });
  on("person", connect);
  on("notice", toast);
  followAddress();
  connect();
}

start();
