/** A scrolling list of messages that keeps its nodes, focus and scroll position when messages change. */
import { h, syncChildren } from "./dom.js";
import { icon } from "./icons.js";
import { MessageRow } from "./message.js";
import { authorOf } from "./state.js";
import { dayKey, dayLabel } from "./time.js";

const NEAR_END_PX = 80;
const GROUP_SECONDS = 300;
/** For this long, a newly opened list announces nothing to screen readers, because its messages are not new. */
const QUIET_MS = 1500;

export class MessageList {
  #rows = new Map();
  #days = new Map();
  #newLine = h("li.new-line", {}, h("span.new-line__label", {}, "New"));
  #atEnd = true;
  #quiet = null;
  #pressed = false;
  #waiting = null;

  /** @param {{label: string, inThread?: boolean}} settings */
  constructor({ label, inThread = false }) {
    this.inThread = inThread;
    this.top = h("div.list-top");
    this.list = h("ol.messages", { role: "list", "aria-label": label });
    this.jump = h(
      "button.jump",
      { type: "button", hidden: true, onclick: () => this.toEnd() },
      icon("chevron", 16),
      "Newest messages",
    );
    this.scroller = h(
      "div.scroller",
      { tabindex: "0", role: "log", "aria-label": label },
      this.top,
      this.list,
    );
    this.node = h("div.message-list", {}, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.list.addEventListener("pointerdown", () => this.#hold());
    const observer = new ResizeObserver(() => this.#atEnd && this.toEnd());
    observer.observe(this.scroller);
    observer.observe(this.list);
    this.#hush();
  }

  /** Have screen readers announce new messages, but not those that are being loaded. */
  #hush() {
    clearTimeout(this.#quiet);
    this.scroller.setAttribute("aria-live", "off");
    this.#quiet = setTimeout(() => this.scroller.setAttribute("aria-live", "polite"), QUIET_MS);
  }

  /** Draw nothing while the pointer is down: a click counts only if what was pressed is still there at its end. */
  #hold() {
    if (this.#pressed) return;
    this.#pressed = true;
    const ended = new AbortController();
    for (const end of ["pointerup", "pointercancel", "blur"])
      // Clicks come after this event.
      window.addEventListener(end, () => (ended.abort(), setTimeout(() => this.#letGo())), ended);
  }

  #letGo() {
    this.#pressed = false;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.update(...waiting);
  }

  /** Whether the newest message is visible. */
  get atEnd() {
    return this.#atEnd;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.jump.hidden = true;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#atEnd = true;
    this.jump.hidden = true;
  }

  /** Bring a message into sight, mark it for a moment, and give it the focus. */
  reveal(ts) {
    const node = this.#rows.get(ts)?.node;
    if (!node?.isConnected) return;
    this.#atEnd = false;
    node.scrollIntoView({ block: "center" });
    node.classList.remove("message--found");
    void node.offsetWidth; // starts the animation again
    node.classList.add("message--found");
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
    this.#scrolled();
  }

  /** Clear the list for another channel. */
  reset(label) {
    this.#waiting = null;
    this.#rows.clear();
    this.list.replaceChildren();
    this.list.setAttribute("aria-label", label);
    this.scroller.setAttribute("aria-label", label);
    this.#hush();
    this.#atEnd = true;
    this.jump.hidden = true;
  }

  /**
   * @param {object[]} messages oldest first
   * @param {{newAfter?: string}} options `ts` after which messages are unread
   */
  update(messages, { newAfter = null } = {}) {
    if (this.#pressed) {
      this.#waiting = [messages, { newAfter }];
      return;
    }
    const nodes = [];
    const known = new Set();
    let before = null;
    let lined = newAfter === null;
    for (const message of messages) {
      const day = dayKey(message.ts);
      const newDay = !this.inThread && (!before || dayKey(before.ts) !== day);
      if (newDay) nodes.push(this.#day(day, message.ts));
      const lineHere = !lined && Number(message.ts) > Number(newAfter);
      if (lineHere && before) nodes.push(this.#newLine);
      lined ||= lineHere;
      const row = this.#row(message);
      row.update(message, { compact: !newDay && !lineHere && isContinuation(before, message) });
      known.add(message.ts);
      nodes.push(row.node);
      before = message;
    }
    const grown = [...known].some((ts) => !this.list.contains(this.#rows.get(ts).node));
    for (const ts of [...this.#rows.keys()]) if (!known.has(ts)) this.#rows.delete(ts);
    const stay = this.#atEnd;
    syncChildren(this.list, nodes);
    if (stay) this.toEnd();
    else if (grown) this.jump.hidden = false;
  }

  #row(message) {
    if (!this.#rows.has(message.ts))
      this.#rows.set(message.ts, new MessageRow(message, { inThread: this.inThread }));
    return this.#rows.get(message.ts);
  }

  #day(key, ts) {
    const label = dayLabel(ts);
    const known = this.#days.get(key);
    if (known?.label === label) return known.node;
    const node = h("li.day", {}, h("span.day__label", {}, label));
    this.#days.set(key, { label, node });
    return node;
  }
}

/** Whether two messages share one heading: same author, within five minutes, and not cards. */
function isContinuation(before, message) {
  return (
    Boolean(before) &&
    !before.ephemeral_to &&
    !message.ephemeral_to &&
    !message.blocks?.length &&
    authorOf(before).name === authorOf(message).name &&
    before.user === message.user &&
    Number(message.ts) - Number(before.ts) < GROUP_SECONDS
  );
}
