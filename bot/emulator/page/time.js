/** Times and dates in the person's own time zone. */
import { myZone } from "./state.js";

const LOCALE = "en-US";

const format = (date, options, zone = myZone()) =>
  new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }).format(date);

const dateOf = (ts) => new Date(Number(ts) * 1000);

/** `10:42 AM` for a message's ts (seconds since 1970). */
export const clock = (ts) => format(dateOf(ts), { hour: "numeric", minute: "2-digit" });

/** The full date and time, for a tooltip. */
export const fullTime = (ts) => format(dateOf(ts), { dateStyle: "full", timeStyle: "long" });

/** `2026-05-06`: the day of a ts. The messages of a day share a divider. */
export const dayKey = (ts) => epochToLocal(Number(ts)).date;

const ordinal = (day) => {
  const tail = day % 10 > 3 || Math.floor(day / 10) === 1 ? 0 : day % 10;
  return `${day}${["th", "st", "nd", "rd"][tail]}`;
};

/** The text of a divider: `Today`, `Yesterday`, `Wednesday, May 6th`. */
export function dayLabel(ts) {
  const pretty = prettyDay(ts);
  if (pretty) return pretty;
  const date = dateOf(ts);
  const year =
    dayKey(ts).slice(0, 4) === dayKey(Date.now() / 1000).slice(0, 4) ? "" : `, ${dayKey(ts).slice(0, 4)}`;
  return `${format(date, { weekday: "long" })}, ${format(date, { month: "long" })} ${ordinal(Number(dayKey(ts).slice(8)))}${year}`;
}

function prettyDay(ts) {
  const now = Date.now() / 1000;
  const days = [
    [0, "Today"],
    [-86400, "Yesterday"],
    [86400, "Tomorrow"],
  ];
  return days.find(([shift]) => dayKey(now + shift) === dayKey(ts))?.[1] ?? null;
}

/** `just now`, `5 minutes ago`, `in 2 hours`. */
export function ago(ts) {
  const seconds = Number(ts) - Date.now() / 1000;
  const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return seconds > 0 ? "in less than a minute" : "just now";
}

/** Slack's `<!date^…>` format string; source: docs.slack.dev, "Formatting message text". */
export function slackDate(epoch, pattern) {
  const date = dateOf(epoch);
  const long = () =>
    `${format(date, { weekday: "long" })}, ${format(date, { month: "long" })} ${ordinal(Number(dayKey(epoch).slice(8)))}, ${dayKey(epoch).slice(0, 4)}`;
  const plain = () =>
    `${format(date, { month: "long" })} ${ordinal(Number(dayKey(epoch).slice(8)))}, ${dayKey(epoch).slice(0, 4)}`;
  const short = () => format(date, { month: "short", day: "numeric", year: "numeric" });
  const soft = (words) => prettyDay(epoch)?.toLowerCase() ?? words();
  const tokens = {
    date_num: () => dayKey(epoch),
    date_slash: () => format(date, { month: "2-digit", day: "2-digit", year: "numeric" }),
    date: plain,
    date_long: long,
    date_short: short,
    date_long_full: long,
    day_divider_pretty: () => dayLabel(epoch),
    date_pretty: () => soft(plain),
    date_short_pretty: () => soft(short),
    date_long_pretty: () => soft(long),
    time: () => clock(epoch),
    time_secs: () => format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(epoch),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, token) => (tokens[token] ? tokens[token]() : whole));
}

/** Seconds since 1970 as `{date: "2026-05-06", time: "14:30"}` in a zone. */
export function epochToLocal(epoch, zone = myZone()) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(epoch * 1000));
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
}

/** The inverse. The zone's offset is looked up at the result, which is correct across daylight saving changes. */
export function localToEpoch(date, time, zone = myZone()) {
  const wanted = Date.parse(`${date}T${time}:00Z`) / 1000;
  let epoch = wanted;
  for (let round = 0; round < 2; round++) {
    const shown = epochToLocal(epoch, zone);
    epoch += wanted - Date.parse(`${shown.date}T${shown.time}:00Z`) / 1000;
  }
  return epoch;
}

/** The zone's short name, `CEST`, or the city if there is none. */
export const zoneName = (epoch = Date.now() / 1000) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: myZone(), timeZoneName: "short" })
    .formatToParts(dateOf(epoch))
    .find((part) => part.type === "timeZoneName")?.value ?? myZone();
