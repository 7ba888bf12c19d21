import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { instant } from "../base/format";
import { usePreferences } from "../base/preferences";

export interface Series {
  label: string;
  /** One value for each of `x`; null is a gap. */
  values: readonly (number | null)[];
  /** A CSS variable of tokens.css: `--state-success`, `--accent`. */
  colour: string;
  /** Dash beside colour: the failed series always has one. */
  dash?: readonly number[];
  /** Fills below the line. */
  fill?: boolean;
  /** Drawn in steps: counts and levels. */
  stepped?: boolean;
}

export interface ChartProps {
  label: string;
  /** Instants in milliseconds, rising. */
  x: readonly number[];
  series: readonly Series[];
  height?: number;
  /** How values are written. */
  format?(value: number): string;
  /** Charts of one name share the cursor. */
  sync?: string;
  /** Dragging chooses a range: put it in the address. */
  onZoom?(from: Date, to: Date): void;
  /** Marks at instants, such as a deployment or the first failure. */
  marks?: readonly { at: number; label: string }[];
}

/** Lines over time. A table of the same values stands behind it for screen readers. */
export function Chart({ label, x, series, height = 180, format = String, sync, onZoom, marks = [] }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef({ onZoom, marks, format });
  const { theme, zone } = usePreferences();
  const shape = series.map((one) => `${one.label}|${one.colour}|${one.dash?.join() ?? ""}|${one.fill ?? ""}|${one.stepped ?? ""}`).join("\n");

  useEffect(() => {
    latest.current = { onZoom, marks, format };
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element), dataOf(x, series), element);
    };
    const optionsOf = (element: HTMLElement): uPlot.Options => {
      // As the browser would draw it: names of the system's colours mean nothing on a canvas.
      const colour = (name: string) => {
        element.style.color = `var(${name})`;
        const drawn = getComputedStyle(element).color;
        element.style.color = "";
        return drawn;
      };
      const font = getComputedStyle(element).getPropertyValue("--font").trim();
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font: `12px ${font}` };
      return {
        width: element.clientWidth,
        height,
        // To the right, half of a time: the last one stands under the edge.
        padding: [8, 22, 0, 0],
        tzDate: (seconds) => (zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000)),
        legend: { live: true },
        cursor: { drag: { x: latest.current.onZoom !== undefined, y: false, setScale: false }, sync: sync ? { key: sync } : undefined, points: { size: 6 } },
        scales: { y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) > 0 ? (max as number) * 1.05 : 1] } },
        axes: [
          { ...axis, size: 28, values: (_, splits, __, ___, step) => splits.map((at) => instant(new Date(at * 1000), zone, step < 60 ? "time" : "short").slice(0, step < 60 ? 8 : undefined).replace(/(^\d\d:\d\d):\d\d$/, "$1")) },
          { ...axis, size: 56, values: (_, splits) => splits.map((value) => latest.current.format(value)) },
        ],
        series: [
          { label: "Time", value: (_, at) => (at == null ? "–" : instant(new Date(at * 1000), zone, "short")) },
          ...series.map((one) => ({
            label: one.label,
            stroke: colour(one.colour),
            width: 1.5,
            dash: one.dash ? [...one.dash] : undefined,
            fill: one.fill ? `color-mix(in srgb, ${colour(one.colour)} 13%, transparent)` : undefined,
            paths: one.stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value == null ? "–" : latest.current.format(value)),
          })),
        ],
        hooks: {
          setSelect: [
            (chart) => {
              const { left, width } = chart.select;
              if (width < 4) return;
              latest.current.onZoom?.(new Date(chart.posToVal(left, "x") * 1000), new Date(chart.posToVal(left + width, "x") * 1000));
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          draw: [
            (chart) => {
              const { ctx, bbox } = chart;
              ctx.save();
              ctx.strokeStyle = colour("--muted");
              ctx.setLineDash([3, 3]);
              for (const mark of latest.current.marks) {
                const at = chart.valToPos(mark.at / 1000, "x", true);
                if (at < bbox.left || at > bbox.left + bbox.width) continue;
                ctx.beginPath();
                ctx.moveTo(at, bbox.top);
                ctx.lineTo(at, bbox.top + bbox.height);
                ctx.stroke();
              }
              ctx.restore();
            },
          ],
        },
      };
    };
    make();
    // Colours are painted, so another theme means another painting.
    const themes = new MutationObserver(make);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const forced = matchMedia("(forced-colors: active)");
    forced.addEventListener("change", make);
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    return () => {
      themes.disconnect();
      forced.removeEventListener("change", make);
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
    // The data has an effect of its own below.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, height, sync, theme, zone]);

  useEffect(() => {
    plot.current?.setData(dataOf(x, series));
  }, [x, series]);

  return (
    <figure className="chart" aria-label={label}>
      <div ref={host} className="chart-plot" aria-hidden="true" />
      <table className="visually-hidden">
        <caption>{label}: the newest values</caption>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {series.map((one) => {
            const last = one.values.findLast((value) => value != null);
            return (
              <tr key={one.label}>
                <th scope="row">{one.label}</th>
                <td>{last == null ? "none" : format(last)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </figure>
  );
}

function dataOf(x: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [x.map((at) => at / 1000), ...series.map((one) => [...one.values])];
}
