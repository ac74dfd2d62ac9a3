/** The blocks of a message or modal. They are redrawn one by one, so that an update keeps focus and entered text. */
import { syncChildren } from "../dom.js";
import { holdFocus } from "../focus.js";
import { drawBlock } from "./index.js";

/** @typedef {import("../elements/index.js").Field} Field */

function isUntouchedAndEmpty(field) {
  const { type, ...value } = field.value();
  const isEmpty = Object.values(value).every((each) => !each || (Array.isArray(each) && !each.length));
  return isEmpty && JSON.stringify({ type, ...value }) === field.initial;
}

export class BlockList {
  #drawn = new Map();

  /**
   * @param {HTMLElement} node where the blocks are drawn
   * @param {{kind: string, place: object}} surface completed here with what a press asks of the blocks around it
   */
  constructor(node, surface) {
    this.node = node;
    this.surface = { ...surface, values: () => this.values(), isThere: () => this.node.isConnected };
  }

  /** Draw `blocks`. Unchanged blocks keep their nodes, and changed ones keep their values. */
  update(blocks) {
    const fresh = new Map();
    blocks.forEach((block, index) => {
      const key = block.block_id ?? `${index} ${block.type}`;
      const signature = JSON.stringify(block);
      const old = this.#drawn.get(key);
      fresh.set(key, old?.signature === signature ? old : this.#redraw(block, signature, old));
    });
    this.#drawn = fresh;
    syncChildren(
      this.node,
      [...fresh.values()].map(({ node }) => node),
    );
  }

  #redraw(block, signature, old) {
    const drawn = { ...drawBlock(block, this.surface), signature };
    for (const field of drawn.fields) field.initial = JSON.stringify(field.value?.());
    if (!old) return drawn;
    for (const field of drawn.fields) {
      const before = old.fields.find(
        (each) =>
          each.blockId === field.blockId && each.actionId === field.actionId && each.type === field.type,
      );
      // As in Slack, the value stays while block_id and action_id stay, even if the initial value changes. Only an
      // empty input that nobody has touched shows its new initial value.
      if (before?.value && !isUntouchedAndEmpty(before)) field.restore(before.value());
    }
    const giveBack = holdFocus(old.node);
    if (old.node.isConnected) old.node.replaceWith(drawn.node);
    giveBack(drawn.node);
    return drawn;
  }

  /** All elements that have a value or can be focused. @returns {Field[]} */
  get fields() {
    return [...this.#drawn.values()].flatMap(({ fields }) => fields);
  }

  /** `{block_id: {action_id: state value object}}`, in Slack's form. */
  values() {
    const values = {};
    for (const field of this.fields) {
      if (field.value) (values[field.blockId] ??= {})[field.actionId] = field.value();
    }
    return values;
  }

  /** Restore values, in the same form. */
  restore(values) {
    for (const field of this.fields) {
      const state = values[field.blockId]?.[field.actionId];
      if (state && field.restore) field.restore(state);
    }
  }

  /** The errors that the person must correct before submitting: `{block_id: text}`. */
  problems() {
    return Object.fromEntries(
      this.fields.map((field) => [field.blockId, field.problem?.()]).filter(([, text]) => text),
    );
  }

  /**
   * Show errors under their fields and take away those that are not named any more.
   * @returns {{first: Field|null, unplaced: string[]}} the topmost field with an error, and errors of no input block
   */
  showErrors(errors) {
    const placed = new Set();
    let first = null;
    for (const { showError, fields } of [...this.#drawn.values()].flatMap(({ inputs }) => inputs)) {
      const text = errors[fields[0].blockId] ?? null;
      showError(text);
      if (text === null) continue;
      placed.add(fields[0].blockId);
      first ??= fields[0];
    }
    return {
      first,
      unplaced: Object.keys(errors)
        .filter((id) => !placed.has(id))
        .map((id) => errors[id]),
    };
  }
}
