/** Drawings of the emoji that are common in approval messages: 20 by 20, as lists of SVG shapes. */

const disc = (fill) => [["circle", { cx: 10, cy: 10, r: 8.5, fill }]];
const stroke = (d, colour = "#fff", width = 2.2) => [
  "path",
  {
    d,
    fill: "none",
    stroke: colour,
    "stroke-width": width,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  },
];
const hourglass = [
  [
    "path",
    {
      d: "M5 3h10v2.5c0 2-2 3.5-4 4.5 2 1 4 2.5 4 4.5V17H5v-2.5c0-2 2-3.5 4-4.5-2-1-4-2.5-4-4.5z",
      fill: "#cfe3ee",
    },
  ],
  [
    "path",
    {
      d: "M6.5 6h7c-.5 1.6-2 2.7-3.5 3.4C8.5 8.7 7 7.6 6.5 6zM6 16c0-2 2.5-3 4-3.5 1.5.5 4 1.5 4 3.5z",
      fill: "#e0a526",
    },
  ],
  stroke("M4.5 2.8h11M4.5 17.2h11", "#9a6b2f", 1.8),
];
const thumb = (turn) => [
  [
    "path",
    {
      d: "M7 8.8 10.2 2.5c1.4 0 2.1.9 2.1 2.1L11.7 7.8H16a1.8 1.8 0 0 1 1.7 2.3l-1.6 5.6a1.8 1.8 0 0 1-1.7 1.3H7z",
      fill: "#f2b824",
      transform: turn,
    },
  ],
  ["rect", { x: 2.3, y: 8.8, width: 3.6, height: 8.2, rx: 1, fill: "#c98f14", transform: turn }],
];
const eye = (x) => [
  ["ellipse", { cx: x, cy: 10, rx: 3.7, ry: 5.5, fill: "#fff", stroke: "#5a6367", "stroke-width": 1.2 }],
  ["circle", { cx: x - 1.2, cy: 11, r: 1.8, fill: "#1c2022" }],
];
/** character -> [tag, attributes] of each shape */
export const DRAWN = {
  "✅": [
    ["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#2a9d5c" }],
    stroke("M5.5 10.5l3 3 6-7"),
  ],
  "❌": [stroke("M4.5 4.5l11 11M15.5 4.5l-11 11", "#d9364f", 3.6)],
  "👍": thumb("rotate(0)"),
  "👎": thumb("rotate(180 10 10)"),
  "👀": [...eye(5.6), ...eye(14.4)],
  "❤": [
    ["path", { d: "M10 17.5C4 13 1.8 10 1.8 6.9a4.2 4.2 0 0 1 8.2-1.4 4.2 4.2 0 0 1 8.2 1.4c0 3.1-2.2 6.1-8.2 10.6z", fill: "#d9364f" }],
  ],
  "⛔": [...disc("#d9364f"), stroke("M6 10h8", "#fff", 3)],
  "🚫": [
    ["circle", { cx: 10, cy: 10, r: 7.3, fill: "none", stroke: "#d9364f", "stroke-width": 2.4 }],
    stroke("M5 5l10 10", "#d9364f", 2.4),
  ],
  "⚠": [
    [
      "path",
      {
        d: "M10 2 1.5 17.5h17z",
        fill: "#f2b824",
        stroke: "#f2b824",
        "stroke-width": 1.5,
        "stroke-linejoin": "round",
      },
    ],
    stroke("M10 7.5v4.5M10 15h.01", "#402d00", 2),
  ],
  "⏳": hourglass,
  "⌛": hourglass,
  "🔔": [
    [
      "path",
      {
        d: "M10 2a1.3 1.3 0 0 1 1.3 1.4c2.3.6 3.7 2.5 3.7 5 0 3.6 1.5 4.6 1.5 5.6h-13c0-1 1.5-2 1.5-5.6 0-2.5 1.4-4.4 3.7-5A1.3 1.3 0 0 1 10 2z",
        fill: "#eeb02c",
      },
    ],
    ["path", { d: "M8 15.5h4a2 2 0 0 1-4 0z", fill: "#a8741a" }],
  ],
  "🔴": disc("#d9364f"),
  "🟢": disc("#2a9d5c"),
  "🟡": disc("#f2b824"),
  "🔵": disc("#2f7fd6"),
  "🟠": disc("#e8833a"),
  "⚪": disc("#c9d0d6"),
  "⚫": disc("#3a4248"),
  ℹ: [
    ["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#2f7fd6" }],
    stroke("M10 9.5v5M10 6h.01"),
  ],
  "➡": [
    ["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#5b8db8" }],
    stroke("M5.5 10h9M11 6.5l3.5 3.5-3.5 3.5", "#fff", 1.8),
  ],
  "🚀": [
    ["path", { d: "M17.5 2.5c-5 0-8.5 3-10.5 7.5l3 3c4.5-2 7.5-5.5 7.5-10.5z", fill: "#b9c6d2" }],
    ["path", { d: "M7.5 8.5 3.5 9l-1.5 3 4.5-.5zM11.5 12.5 11 16.5l-3 1.5.5-4.5z", fill: "#d9364f" }],
    ["circle", { cx: 12.7, cy: 7.3, r: 1.7, fill: "#2f7fd6" }],
    ["path", { d: "M6 13c-1.8.4-2.7 2-3 4 2-.3 3.6-1.2 4-3z", fill: "#f2b824" }],
  ],
  "🎉": [
    ["path", { d: "M2 18 6.5 7l6.5 6.5z", fill: "#eeb02c" }],
    ["circle", { cx: 11, cy: 3.5, r: 1.3, fill: "#d9364f" }],
    ["circle", { cx: 16.5, cy: 9, r: 1.3, fill: "#2a9d5c" }],
    stroke("M11 9c1-3 3-5 6-5.5", "#2f7fd6", 1.6),
    stroke("M13.5 14.5c1.5-.8 3-.6 4 .5", "#d9364f", 1.6),
  ],
  "📝": [
    [
      "rect",
      { x: 3, y: 2, width: 12, height: 16, rx: 1.5, fill: "#e8edf1", stroke: "#a9b5bf", "stroke-width": 0.8 },
    ],
    stroke("M5.5 6h7M5.5 9h7M5.5 12h4", "#7b8a96", 1.2),
    stroke("M10 15.5 17 8.5", "#e8833a", 2.4),
  ],
  "🔒": [
    stroke("M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9", "#8b979f", 2),
    ["rect", { x: 4, y: 8.5, width: 12, height: 9, rx: 2, fill: "#eeb02c" }],
  ],
  "⏰": [
    ...disc("#d9364f"),
    ["circle", { cx: 10, cy: 10, r: 6, fill: "#fff" }],
    stroke("M10 6.5V10l2.5 1.5", "#3a4248", 1.6),
  ],
  "⏸": [
    ["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 4, fill: "#5b8db8" }],
    stroke("M7.5 6v8M12.5 6v8", "#fff", 2.4),
  ],
  "🛑": [
    ["path", { d: "M6.5 1.5h7l5 5v7l-5 5h-7l-5-5v-7z", fill: "#d9364f" }],
    stroke("M6.5 10h7", "#fff", 2.6),
  ],
  "📦": [
    ["path", { d: "M2 6l8-4 8 4v8.5L10 18.5 2 14.5z", fill: "#c68e55" }],
    ["path", { d: "M2 6l8 4 8-4M10 10v8.5", fill: "none", stroke: "#8d5f31", "stroke-width": 1.1 }],
  ],
  "👕": [
    ["path", { d: "M7 2.5 2 5l1 4.5 2.5-.6V17.5h9V8.9l2.5.6L18 5l-5-2.5a3 3 0 0 1-6 0z", fill: "#2f7fd6" }],
  ],
  "💬": [
    [
      "path",
      {
        d: "M3 3h14a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 17 14H9l-4.5 4v-4H3a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 3 3z",
        fill: "#7fa6c4",
      },
    ],
    stroke("M6 8.5h.01M10 8.5h.01M14 8.5h.01", "#fff", 2),
  ],
};
