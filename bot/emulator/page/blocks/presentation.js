/** Alerts, cards, carousels, containers, tasks and charts. */
import { h, link, uid } from "../dom.js";
import { icon } from "../icons.js";
import { textNodes } from "../mrkdwn.js";
import { actions } from "./actions.js";
import { drawBlock } from "./index.js";
import { richTextNodes } from "./rich_text.js";
import { picture } from "./section.js";

const LEVELS = {
  default: ["bang", "Note"],
  info: ["bang", "Information"],
  warning: ["alert", "Warning"],
  error: ["alert", "Error"],
  success: ["check", "Success"],
};

export function alert(block) {
  const level = LEVELS[block.level] ? block.level : "default";
  const [sign, name] = LEVELS[level];
  return {
    node: h(
      `div.alert-block.alert-block--${level}`,
      { role: "note", "aria-label": name },
      icon(sign),
      h("div.alert-block__text", {}, textNodes(block.text)),
    ),
  };
}

export function card(block, surface) {
  const row = block.actions && actions({ ...block, elements: block.actions }, surface);
  const node = h(
    "div.card-block",
    {},
    block.hero_image && picture(block.hero_image, "card-block__hero"),
    h(
      "div.card-block__head",
      {},
      block.icon && picture(block.icon, "card-block__icon"),
      h(
        "div",
        {},
        block.title && h("div.card-block__title", {}, textNodes(block.title)),
        block.subtitle && h("div.card-block__subtitle", {}, textNodes(block.subtitle)),
      ),
    ),
    block.body && h("div", {}, textNodes(block.body)),
    block.subtext && h("div.card-block__subtitle", {}, textNodes(block.subtext)),
    row?.node,
  );
  return { node, fields: row?.fields ?? [] };
}

export function carousel(block, surface) {
  const cards = block.elements.map((each) => drawBlock(each, surface));
  return {
    node: h(
      "div.carousel-block",
      { tabindex: "0", role: "region", "aria-label": "Cards" },
      cards.map(({ node }) => node),
    ),
    fields: cards.flatMap(({ fields }) => fields),
  };
}

export function container(block, surface) {
  const children = block.child_blocks.map((each) => drawBlock(each, surface));
  const titleId = uid("title");
  const head = [
    block.icon && picture(block.icon, "card-block__icon"),
    h(
      "div",
      {},
      h(
        "div.card-block__title",
        { id: titleId },
        block.rich_text_title ? richTextNodes(block.rich_text_title) : textNodes(block.title),
      ),
      block.subtitle && h("div.card-block__subtitle", {}, textNodes(block.subtitle)),
    ),
  ];
  const body = h(
    "div.container-block__body",
    {},
    children.map(({ node }) => node),
  );
  const node = block.is_collapsible
    ? h(
        "details.container-block",
        { open: !block.default_collapsed },
        h("summary.card-block__head", {}, head),
        body,
      )
    : h(
        "section.container-block",
        { "aria-labelledby": titleId },
        h(`div.card-block__head${block.has_header_divider ? ".card-block__head--line" : ""}`, {}, head),
        body,
      );
  return {
    node,
    fields: children.flatMap(({ fields }) => fields),
    inputs: children.flatMap((child) => child.inputs),
  };
}

const STATUS = { pending: "Pending", in_progress: "In progress", complete: "Complete", error: "Failed" };

export function task(block) {
  const status = STATUS[block.status] ? block.status : "pending";
  return {
    node: h(
      "div.task-block",
      {},
      h(
        "div.task-block__head",
        {},
        h(`span.task-block__status.task-block__status--${status}`, {}, STATUS[status]),
        h("span.card-block__title", {}, block.title),
      ),
      [block.details, block.output].map((text) => text && h("div.rich-text", {}, richTextNodes(text))),
      block.sources?.length &&
        h(
          "div.task-block__sources",
          {},
          block.sources.map((source) => link(source.url, source.text || source.url)),
        ),
    ),
  };
}

export const plan = (block) => ({
  node: h(
    "div.container-block",
    {},
    h("div.card-block__title", {}, block.title),
    h(
      "ol.container-block__body",
      { role: "list" },
      (block.tasks ?? []).map((each) => h("li", {}, task(each).node)),
    ),
  ),
});

/** A chart as a table of its numbers, each with a bar. Slack draws it, but the numbers are what a test looks for. */
export function chart(block) {
  const { chart: drawn } = block;
  const series = drawn.type === "pie" ? [{ name: "Value", data: drawn.segments }] : drawn.series;
  const labels = drawn.axis_config?.categories ?? series[0].data.map((point) => point.label);
  const most = Math.max(...series.flatMap(({ data }) => data.map((point) => Math.abs(point.value))), 1e-9);
  const cell = (point) =>
    h(
      "td",
      {},
      h("span.chart-bar", { "aria-hidden": "true", style: { "--share": Math.abs(point.value) / most } }),
      String(point.value),
    );
  return {
    node: h(
      "div.table-scroll",
      { tabindex: "0", role: "region", "aria-label": `Chart: ${block.title}` },
      h(
        "table",
        {},
        h("caption.table-caption", {}, block.title),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, drawn.axis_config?.x_label ?? "Label"),
            series.map(({ name }) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          labels.map((label) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, label),
              series.map(({ data }) => cell(data.find((point) => point.label === label))),
            ),
          ),
        ),
      ),
    ),
  };
}
