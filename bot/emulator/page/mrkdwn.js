/** Slack's mrkdwn and text objects as DOM nodes. */
import { h, link } from "./dom.js";
import { emojiNode, withEmoji } from "./emoji.js";
import { channelMention, groupMention, mention } from "./people.js";
import { fullTime, slackDate } from "./time.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** References, code, links, styles and emoji. As in Slack, a style starts and ends at a word boundary. */
const INLINE = new RegExp(
  [
    "<(?<angle>[^<>\\n]+)>",
    "`(?<code>[^`\\n]+)`",
    "(?<url>https?://[^\\s<>|*~`]*[^\\s<>|*_~`.,;:!?)])",
    "(?<![\\p{L}\\p{N}*_~])(?<mark>[*_~])(?=\\S)(?<styled>[^\\n]*?\\S)\\k<mark>(?![\\p{L}\\p{N}])",
    ":(?<emoji>[a-z0-9_+-]+):",
  ].join("|"),
  "gu",
);
const STYLES = { "*": "strong", _: "em", "~": "s" };

function angle(body) {
  const [target, label] = body.split("|", 2);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (target.startsWith("!subteam^")) return groupMention(target.split("^")[1], label);
  if (target.startsWith("!")) return h("span.mention.mention--all", {}, `@${label || target.slice(1)}`);
  return link(unescape(target), ...withEmoji(unescape(label ?? target.replace(/^mailto:/, ""))));
}

function dateNode(target, fallback) {
  const [, epoch, pattern, url] = target.split("^");
  if (!/^\d+$/.test(epoch) || !pattern) return fallback ?? "";
  const words = h(
    "time",
    { datetime: new Date(epoch * 1000).toISOString(), title: fullTime(epoch) },
    slackDate(epoch, pattern),
  );
  return url ? link(url, words) : words;
}

/** Lines of mrkdwn without block structure. In verbatim text, bare URLs do not become links. */
export function inline(text, verbatim = false, depth = 0) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const { angle: body, code, url, mark, styled, emoji } = match.groups;
    const known = emoji === undefined || emojiNode(emoji);
    if (!known || (mark && depth > 4) || (url && verbatim)) continue;
    nodes.push(...withEmoji(unescape(text.slice(end, match.index)), false));
    end = match.index + match[0].length;
    if (body !== undefined) nodes.push(angle(body));
    else if (code !== undefined) nodes.push(h("code", {}, unescape(code)));
    else if (url) nodes.push(link(unescape(url), unescape(url)));
    else if (mark) nodes.push(h(STYLES[mark], {}, inline(styled, verbatim, depth + 1)));
    else nodes.push(known);
  }
  nodes.push(...withEmoji(unescape(text.slice(end)), false));
  return nodes;
}

const QUOTE = /^(?:&gt;|>)\s?/;
const ITEM = /^(\s*)([•◦▪-]|\d+[.)])\s+(.*)$/;

/** Combine consecutive lines of one kind into one node. */
function lines(text, verbatim) {
  const nodes = [];
  let plain = [];
  const flush = () => plain.length && nodes.push(h("div.text", {}, inline(plain.join("\n"), verbatim)));
  const finish = () => (flush(), (plain = []));
  let quote = null;
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const item = ITEM.exec(line);
    if (!QUOTE.test(line)) quote = null;
    if (QUOTE.test(line)) {
      finish();
      if (!quote) nodes.push((quote = h("blockquote")));
      quote.append(h("div.text", {}, inline(line.replace(QUOTE, ""), verbatim)));
    } else if (item) {
      finish();
      const indent = `${Math.min(item[1].length / 2, 4)}em`;
      nodes.push(
        h(
          "div.text.text--item",
          { style: { "--indent": indent } },
          h("span", {}, item[2]),
          h("div", {}, inline(item[3], verbatim)),
        ),
      );
    } else plain.push(line);
  }
  finish();
  return nodes;
}

/** A complete mrkdwn text: code blocks, quotes, list-like lines and their contents. */
export function mrkdwn(text, verbatim = false) {
  return String(text ?? "")
    .split(/```\n?([\s\S]*?)\n?```/)
    .flatMap((part, i) =>
      i % 2 ? h("pre", { tabindex: "0" }, h("code", {}, unescape(part))) : part.trim() ? lines(part, verbatim) : [],
    );
}

/** A text object, `plain_text` or `mrkdwn`, as nodes. */
export function textNodes(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, object.verbatim);
  return withEmoji(unescape(object.text), object.emoji !== false);
}

/** A text object as one string, for names and labels. */
export const plainText = (object) =>
  unescape(object?.text ?? "").replace(/:([a-z0-9_+-]+):/g, (whole, name) => (emojiNode(name) ? "" : whole)).trim();
