// Line icons on a 16-pixel grid, drawn in the text's colour.

const paths = {
  archive: "M2.2 3h11.6v3H2.2zM3.2 6v7h9.6V6M6.3 8.5h3.4",
  "arrow-left": "M13 8H3M7 4 3 8l4 4",
  box: "M3 3h10v10H3z",
  brush:
    "M13.5 2.5 7.8 8.2M5.5 8.5c-2 0-2.5 1.4-2.5 2.6 0 1-.5 1.6-1.2 1.9 3 1 5.7.2 5.7-2.2 0-1.2-.8-2.3-2-2.3z",
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3",
  check: "m3 8.5 3.2 3.2L13 5",
  "chevron-down": "m4 6.5 4 4 4-4",
  "chevron-up": "m4 9.5 4-4 4 4",
  "chevron-left": "m9.5 4-4 4 4 4",
  "chevron-right": "m6.5 4 4 4-4 4",
  clock: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 5v3.2l2.2 1.4",
  close: "m4 4 8 8M12 4l-8 8",
  contrast: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 2.2v11.6M8 5h4.9M8 8h5.8M8 11h4.9",
  columns: "M2.5 3h11v10h-11zM8 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cursor: "m3.5 2.5 9 4.2-3.9 1.4-1.5 4z",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  download: "M8 2.5v8M4.5 7.2 8 10.7l3.5-3.5M2.5 13.5h11",
  edit: "M10.6 3 13 5.4 5.6 12.8l-3.1.7.7-3.1z",
  eraser: "m6.8 13-4-4 6.4-6.4 4.4 4.4L7.6 13zM5.4 6.4l4.4 4.4M7 13h6.5",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z",
  "eye-off":
    "M3 3l10 10M6.3 4.1C6.8 3.9 7.4 3.8 8 3.8c4 0 6.5 4.2 6.5 4.2a12 12 0 0 1-2 2.4M4.1 5.3A11 11 0 0 0 1.5 8S4 12.2 8 12.2c1 0 1.9-.3 2.7-.6",
  film: "M2.5 3.5h11v9h-11zM5.5 3.5v9M10.5 3.5v9M2.5 8h11",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  folder: "M1.8 4h4.4l1.4 1.6h6.6v7H1.8z",
  image: "M2.5 3h11v10h-11zM2.5 11l3.3-3.3 2.7 2.7 1.6-1.6 3.4 3.4M10.3 5.8h.01",
  info: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 7.3v3.5M8 5.2h.01",
  key: "M5.5 7.2a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM7.5 8 13 2.5M11 4.5 13 6.5M9.3 6.2l1.4 1.4",
  lanes: "M2.5 4h6M5 8h8.5M2.5 12h8",
  layers: "M8 2.5 14 6 8 9.5 2 6zM2.5 9.5 8 12.7l5.5-3.2",
  lineage: "M2.5 4h2.3C8 4 7 8 10 8h3.5M2.5 12h2.3C8 12 7 8 10 8",
  lock: "M3.5 7.2h9v6.3h-9zM5.3 7.2V5.3a2.7 2.7 0 0 1 5.4 0v1.9",
  minus: "M3 8h10",
  moon: "M13.2 9.6A5.5 5.5 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
  move: "M8 2v12M2 8h12M6.2 3.8 8 2l1.8 1.8M6.2 12.2 8 14l1.8-1.8M3.8 6.2 2 8l1.8 1.8M12.2 6.2 14 8l-1.8 1.8",
  keyboard: "M1.8 4h12.4v8H1.8zM4.2 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M11.8 6.5h.01M5 9.5h6",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  plus: "M8 3v10M3 8h10",
  "point-minus": "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM5.5 8h5",
  "point-plus": "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 5.5v5M5.5 8h5",
  profile: "M2.5 2.5v11h11M4 11.5l2.2-3 1.8 1.8L10.5 5l1 2 1.8-2.5",
  redo: "M13 6.5H6.2a3.4 3.4 0 0 0 0 6.8H9M10 3.5l3 3-3 3",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v3h-3",
  ruler: "m2 11 9-9 3 3-9 9zM8.5 4.5 10 6M6 7l1.5 1.5M3.7 9.3l1 1",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2",
  settings: "M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 11.5h2M7.5 11.5h6M6 10v3",
  "sign-out": "M6.5 2.5h-4v11h4M6.5 8h7M10.5 5l3 3-3 3",
  sun: "M8 5.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  system: "M2 3h12v8H2zM5.5 13.5h5",
  tag: "M2.5 2.5h5.2l5.8 5.8-5.2 5.2-5.8-5.8zM5.2 5.2h.01",
  track:
    "M3.2 11.4a1.6 1.6 0 1 1 0 .01M4.6 10.4 8 7.2M8.2 5.6a1.6 1.6 0 1 1 0 .01M10.9 5.6h3.3M12.4 3.6l2 2-2 2",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4",
  undo: "M3 6.5h6.8a3.4 3.4 0 0 1 0 6.8H7M6 3.5l-3 3 3 3",
  upload: "M8 10.5v-8M4.5 5.8 8 2.3l3.5 3.5M2.5 13.5h11",
  user: "M8 2.5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM2.8 13.5c.4-2.3 2.5-3.4 5.2-3.4s4.8 1.1 5.2 3.4",
  users:
    "M6 3a2.4 2.4 0 1 1 0 4.8A2.4 2.4 0 0 1 6 3zM1.5 13c.3-2.1 2.1-3.2 4.5-3.2s4.2 1.1 4.5 3.2M10.7 3.2a2.4 2.4 0 0 1 0 4.4M12 10.2c1.4.5 2.3 1.4 2.5 2.8",
  wand: "m2.5 13.5 7-7M11.5 1.8v3M10 3.3h3M12.5 7.5v2M11.5 8.5h2M6 2.5v2M5 3.5h2",
  warning: "M8 2.5 14.2 13H1.8zM8 6.5v3M8 11.2h.01",
} as const;

export type IconName = keyof typeof paths;

export const iconNames = Object.keys(paths) as IconName[];

/** Decoration only: whoever shows an icon alone names it (see IconButton). */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width={name === "dots" ? 2.2 : 1.4}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
