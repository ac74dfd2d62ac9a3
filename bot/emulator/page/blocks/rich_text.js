/** The `rich_text` block: sections, lists, quotes and code, with styled inline elements. */
import { h, link } from "../dom.js";
import { emojiNode, withEmoji } from "../emoji.js";
import { channelMention, groupMention, mention } from "../people.js";
import { slackDate } from "../time.js";

const TAGS = { code: "code", strike: "s", italic: "em", bold: "strong", underline: "u" };

function styled(nodes, style = {}) {
  return Object.keys(TAGS).reduce((inner, name) => (style[name] ? [h(TAGS[name], {}, inner)] : inner), nodes);
}

const INLINE = {
  text: (part) => withEmoji(part.text, false),
  link: (part) => [link(part.url, part.text || part.url)],
  user: (part) => [mention(part.user_id)],
  channel: (part) => [channelMention(part.channel_id)],
  usergroup: (part) => [groupMention(part.usergroup_id)],
  broadcast: (part) => [h("span.mention.mention--all", {}, `@${part.range}`)],
  emoji: (part) => [emojiNode(part.name, part.unicode) ?? `:${part.name}:`],
  date: (part) => [slackDate(part.timestamp, part.format)],
  color: (part) => [
    h("span.swatch", {
      style: { "--swatch": /^#[0-9a-f]{3,8}$/i.test(part.value) ? part.value : "transparent" },
    }),
    part.value,
  ],
};

const inline = (parts = []) =>
  parts.flatMap((part) => styled(INLINE[part.type]?.(part) ?? [part.text ?? ""], part.style));

const PARTS = {
  rich_text_section: (part) => h("div.text", {}, inline(part.elements)),
  rich_text_quote: (part) => h("blockquote", {}, h("div.text", {}, inline(part.elements))),
  rich_text_preformatted: (part) => h("pre", { tabindex: "0" }, h("code", {}, inline(part.elements))),
  rich_text_list: (part) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      {
        start: part.offset ? String(part.offset + 1) : null,
        class: `list-level-${Math.min(part.indent ?? 0, 8)}`,
        style: { "--level": part.indent ?? 0 },
      },
      (part.elements ?? []).map((item) => h("li", {}, PARTS[item.type]?.(item))),
    ),
};

/** The nodes of a rich text value. */
export const richTextNodes = (value) =>
  (value.elements ?? []).map((part) => PARTS[part.type]?.(part)).filter(Boolean);

export const richText = (block) => ({ node: h("div.rich-text", {}, richTextNodes(block)) });
