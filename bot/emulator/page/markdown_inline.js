/** Standard Markdown inside a line: code, links, bold, italic, strike. */
import { h, link } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { channelMention, mention } from "./people.js";

const INLINE = new RegExp(
  [
    "\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+.!|~<>-])",
    "(?<ticks>`+)(?<code>.+?)\\k<ticks>(?!`)",
    '!?\\[(?<label>(?:[^\\[\\]\\\\]|\\\\.|\\[[^\\]]*\\])*)\\]\\((?<target>[^()\\s]*(?:\\([^()\\s]*\\)[^()\\s]*)*)(?:\\s+"[^"]*")?\\)',
    "<(?<auto>https?://[^\\s<>]+|mailto:[^\\s<>]+)>",
    "<@(?<user>[UW][A-Z0-9]+)>",
    "<#(?<channel>C[A-Z0-9]+)(?:\\|[^>]*)?>",
    "(?<url>https?://[^\\s<>*~`]*[^\\s<>*_~`.,;:!?)])",
    "\\*\\*(?<strong>(?=\\S).+?\\S?)\\*\\*",
    "(?<![\\p{L}\\p{N}_])__(?<strong2>(?=\\S).+?\\S?)__(?![\\p{L}\\p{N}_])",
    "~~(?<strike>(?=\\S).+?\\S?)~~",
    "\\*(?<em>(?=[^\\s*])(?:.*?[^\\s*])??)\\*(?!\\*)",
    "(?<![\\p{L}\\p{N}_])_(?<em2>(?=[^\\s_])(?:.*?[^\\s_])??)_(?![\\p{L}\\p{N}_])",
  ].join("|"),
  "gsu",
);

/** One paragraph's text as nodes. */
export function markdownInline(text, depth = 0) {
  if (depth > 6) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(...withEmoji(text.slice(end, match.index)));
    end = match.index + match[0].length;
    nodes.push(nodeFor(match.groups, depth + 1) ?? match[0]);
  }
  nodes.push(...withEmoji(text.slice(end)));
  return nodes;
}

function nodeFor(part, depth) {
  const strong = part.strong ?? part.strong2;
  const em = part.em ?? part.em2;
  if (part.escaped) return part.escaped;
  if (part.code !== undefined) return h("code", {}, part.code.trim() || part.code);
  if (part.label !== undefined) return link(part.target, markdownInline(part.label || part.target, depth));
  if (part.auto ?? part.url)
    return link(part.auto ?? part.url, (part.auto ?? part.url).replace(/^mailto:/, ""));
  if (part.user) return mention(part.user);
  if (part.channel) return channelMention(part.channel);
  if (strong) return h("strong", {}, markdownInline(strong, depth));
  if (part.strike) return h("s", {}, markdownInline(part.strike, depth));
  return em ? h("em", {}, markdownInline(em, depth)) : null;
}
