import type { ReactNode, SVGProps } from "react";

const stroke = { fill: "none", stroke: "currentColor", strokeWidth: 1.5, strokeLinecap: "round", strokeLinejoin: "round" } as const;
const p = (d: string) => <path d={d} {...stroke} />;
const solid = (d: string) => <path d={d} fill="currentColor" />;

const ICONS = {
  operations: p("M1.5 9h3l2-6 3 10 2-4h3"),
  executions: p("M2 3.5h12M2 8h12M2 12.5h8"),
  jobs: p("M2.5 5.5h11v8h-11zM6 5.5v-3h4v3"),
  schedules: (
    <>
      <circle cx="8" cy="8" r="6" {...stroke} />
      {p("M8 4.5V8l2.5 1.5")}
    </>
  ),
  queues: p("M2 3h12v3H2zM2 10h12v3H2zM5 6v4M11 6v4"),
  workers: p("M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14"),
  deadLetters: p("M2 4h12v9H2zM2 4l6 5 6-5"),
  settings: (
    <>
      <circle cx="8" cy="8" r="2.2" {...stroke} />
      {p("M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4")}
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" {...stroke} />
      {p("M10.5 10.5 14 14")}
    </>
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="3" {...stroke} />
      {p("M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1")}
    </>
  ),
  moon: p("M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z"),
  help: (
    <>
      <circle cx="8" cy="8" r="6.5" {...stroke} />
      {p("M6.2 6.2a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.2M8 11.4v.1")}
    </>
  ),
  close: p("M3.5 3.5l9 9M12.5 3.5l-9 9"),
  check: p("M3 8.5l3.5 3.5L13 4.5"),
  plus: p("M8 3v10M3 8h10"),
  minus: p("M3 8h10"),
  play: solid("M4.5 2.5l9 5.5-9 5.5z"),
  pause: p("M5.5 3v10M10.5 3v10"),
  stop: p("M4 4h8v8H4z"),
  retry: p("M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"),
  rerun: p("M3 8a5 5 0 0 1 8.5-3.5L13 6M13 2.5V6H9.5M13 8a5 5 0 0 1-8.5 3.5L3 10M3 13.5V10h3.5"),
  skip: p("M3 3l7 5-7 5zM13 3v10"),
  trash: p("M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.5v4.5M9.3 6.5v4.5"),
  edit: p("M2.5 13.5l.8-3.3 7.5-7.5 2.5 2.5-7.5 7.5z"),
  copy: p("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),
  download: p("M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"),
  external: p("M6 3H3v10h10v-3M9 2.5h4.5V7M13 3 7.5 8.5"),
  link: p("M6.5 9.5l3-3M7 4.5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5 7.5 13a2.8 2.8 0 0 1-4-4L5 7.5"),
  filter: p("M2 3h12l-4.5 5.5V13l-3-1.5v-3z"),
  more: solid("M3 9.3a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6zM8 9.3a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6zM13 9.3a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6z"),
  up: p("M3.5 10 8 5.5l4.5 4.5"),
  down: p("M3.5 6 8 10.5 12.5 6"),
  left: p("M10 3.5 5.5 8l4.5 4.5"),
  right: p("M6 3.5 10.5 8 6 12.5"),
  first: p("M3.5 3v10M12.5 3.5 8 8l4.5 4.5"),
  last: p("M12.5 3v10M3.5 3.5 8 8l-4.5 4.5"),
  menu: p("M2 4h12M2 8h12M2 12h12"),
  user: (
    <>
      <circle cx="8" cy="5.5" r="2.8" {...stroke} />
      {p("M2.5 14c.6-3 2.7-4.5 5.5-4.5s4.900 1.500 5.500 4.500")}
    </>
  ),
  key: (
    <>
      <circle cx="5" cy="11" r="3" {...stroke} />
      {p("M7.200 8.800 13.500 2.500M10.500 5.500l2 2")}
    </>
  ),
  drain: p("M3 3h10l-2 5v5H5V8z"),
  move: p("M2 8h11M9.500 4.500 13 8l-3.500 3.500"),
  priority: p("M4 14V2.500M4 3h8l-2 2.500L12 8H4"),
  warning: p("M8 2 14.500 13.500h-13zM8 6.500v3M8 11.500v.1"),
  info: (
    <>
      <circle cx="8" cy="8" r="6.500" {...stroke} />
      {p("M8 7v4.500M8 4.500v.1")}
    </>
  ),
  bolt: solid("M9 1.500 3 9h4l-1 5.500L13 7H9z"),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof ICONS;

/** One of our own icons, 16 px, in the colour of the text around it; says nothing to a screen reader. */
export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false" className="icon" {...rest}>
      {ICONS[name]}
    </svg>
  );
}
