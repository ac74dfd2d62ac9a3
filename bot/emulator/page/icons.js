/** The page's line icons, 20 by 20, in the colour of the text and hidden from screen readers. */
import { svg } from "./dom.js";

const PATHS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  close: "M5 5l10 10M15 5 5 15",
  chevron: "M5.5 7.8 10 12.3l4.5-4.5",
  updown: "M6.5 8 10 4.5 13.5 8M6.5 12l3.5 3.5 3.5-3.5",
  back: "M12 4.5 6.5 10l5.5 5.5",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  thread:
    "M3 5.5A2.5 2.5 0 0 1 5.5 3h9A2.5 2.5 0 0 1 17 5.5v5a2.5 2.5 0 0 1-2.5 2.5H9l-4 3.5V13A2.5 2.5 0 0 1 3 10.5zM6.5 6.8h7M6.5 9.4h4.5",
  send: "M3.5 3.8 17 10 3.5 16.2 5.5 10zM5.5 10H11",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
  moon: "M16.5 11.7A6.8 6.8 0 0 1 8.3 3.5a6.8 6.8 0 1 0 8.2 8.2z",
  auto: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 3v14M10 6.5h5.5M10 10h7M10 13.5h5.5",
  check: "M4 10.5 8.2 14.7 16 6",
  trash: "M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 7.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z",
  alert: "M10 3 2.5 16.5h15zM10 8v4M10 14.2h.01",
  upload: "M10 13V4M6.5 7.3 10 3.8l3.5 3.5M3.5 13.5V16h13v-2.5",
  file: "M5 2.8h6.5L15.5 7v10.2H5zM11.3 3v4.2h4",
  bold: "M6 4h4.5a3 3 0 0 1 0 6H6zM6 10h5.3a3 3 0 0 1 0 6H6z",
  italic: "M8.5 4H14M6 16h5.5M11.5 4l-3 12",
  strike:
    "M14 6.5C13.5 5 12 4 10 4 7.5 4 6 5.3 6 7c0 1.2.8 2 2 2.5M3.5 10h13M6 13.5c.5 1.5 2 2.5 4 2.5 2.5 0 4-1.3 4-3 0-.8-.3-1.4-.9-1.9",
  code: "M7 6 3 10l4 4M13 6l4 4-4 4",
  bullets: "M4 5.5h.01M4 10h.01M4 14.5h.01M8 5.5h8.5M8 10h8.5M8 14.5h8.5",
  numbers:
    "M3.5 4.5l1-.5v3.5M3.3 12.4c.3-.6 1.9-.7 1.9.3 0 .8-1.9 1.4-1.9 2.5h2M9 5.5h7.5M9 10h7.5M9 14.5h7.5",
  quote: "M4 4v12M8 6.5h8.5M8 10h8.5M8 13.5h5",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 0 0-4.3-4.3L10 5.7M11.5 8.5a3 3 0 0 0-4.3 0l-2.6 2.6a3 3 0 0 0 4.3 4.3L10 14.3",
  bolt: "M11.5 2.5 4.5 11.5h4.7l-.7 6 7-9h-4.7z",
  bang: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6.5v4.3M10 13.4h.01",
  lock: "M5.5 9h9v7.5h-9zM7 9V6.5a3 3 0 0 1 6 0V9",
  plus: "M10 4v12M4 10h12",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13.2 13.2 17 17",
  react:
    "M16.8 9.2A7 7 0 1 1 10.8 3.2M7 12.2c.7 1 1.7 1.5 3 1.5s2.3-.5 3-1.5M7.5 8.2h.01M12.2 8.2h.01M16 1.8v5.4M13.3 4.5h5.4",
};

/** An icon. An unknown name is a bug, so it throws. */
export function icon(name, size = 20) {
  if (!PATHS[name]) throw new Error(`no icon named ${name}`);
  return svg(
    "svg",
    {
      class: "icon",
      viewBox: "0 0 20 20",
      width: size,
      height: size,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.6",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", { d: PATHS[name] }),
  );
}
