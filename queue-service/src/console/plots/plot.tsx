import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export type Series = {
  label: string;
  /** A colour by its CSS variable: `--accent`. */
  colour: string;
  values: readonly (number | null)[];
  isDashed?: boolean;
  isFilled?: boolean;
  isDots?: boolean;
};

/** Something that was done at a moment, drawn as a line through the plot. */
export type Mark = { at: number; label: string };

type PlotProps = {
  title: string;
  /** Seconds since the epoch; or plain numbers where `isTime` is false. */
  x: readonly number[];
  series: readonly Series[];
  marks?: readonly Mark[];
  isTime?: boolean;
  axes?: readonly [x: string, y: string];
  height?: number;
};

/** A plot, with what it shows in words and as a table for whoever does not see it. */
export function Plot(props: PlotProps) {
  const { title, series, x } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const shape = series.map(({ label }) => label).join();
  useEffect(() => {
    const box = holder.current;
    if (box === null) return;
    const made = new uPlot(optionsOf(latest, box), dataOf(latest.current), box);
    plot.current = made;
    const resized = new ResizeObserver(() => {
      made.setSize({ width: box.clientWidth, height: heightOf(latest.current) });
    });
    resized.observe(box);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(props)));
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        <span class="plot-keys">
          {series.map(({ label, colour, values }) => (
            <span key={label} class="plot-key" style={{ '--key': `var(${colour})` }}>
              {label} <strong>{values.at(-1) ?? '–'}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={holder} aria-hidden="true" />
      <PlotTable {...props} />
      {x.length === 0 && <p class="muted plot-empty">No figures yet.</p>}
    </figure>
  );
}

const rowsMax = 12;

function PlotTable({ title, x, series, isTime = true, axes }: PlotProps) {
  const every = Math.max(1, Math.floor(x.length / rowsMax));
  const shown = x.flatMap((at, i) => (i % every === 0 || i === x.length - 1 ? [{ at, i }] : []));
  return (
    <details class="plot-table">
      <summary>As a table</summary>
      <table>
        <caption class="hidden-words">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{axes?.[0] ?? 'Time'}</th>
            {series.map(({ label }) => (
              <th key={label} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ at, i }) => (
            <tr key={at}>
              <td>{isTime ? new Date(at * 1_000).toLocaleTimeString('en-GB') : at}</td>
              {series.map(({ label, values }) => (
                <td key={label} class="number">
                  {values[i] ?? '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

const heightOf = ({ height = 142 }: PlotProps) => height;

function dataOf({ x, series }: PlotProps): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsOf(latest: { current: PlotProps }, box: HTMLElement): uPlot.Options {
  const { series, isTime = true, axes } = latest.current;
  const axis = { stroke: () => css('--muted'), grid: { stroke: () => css('--line'), width: 1 } };
  return {
    width: box.clientWidth,
    height: heightOf(latest.current),
    // Above are the words of what was done.
    padding: [16, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: isTime },
      y: { range: (_, low, high) => [Math.min(0, low), high * 1.08 || 1] },
    },
    axes: [
      {
        ...axis,
        ticks: { show: false },
        ...(axes ? { label: axes[0] } : {}),
        ...(isTime ? { size: 30, space: 76, incrs: secondSteps, values: clockOf } : {}),
      },
      { ...axis, ticks: { show: false }, size: 54, ...(axes ? { label: axes[1] } : {}) },
    ],
    series: [{}, ...series.map(seriesOptions)],
    hooks: { draw: [(plot) => drawMarks(plot, latest.current.marks ?? [])] },
  };
}

const secondSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
];

/** `14:05:30`; without the seconds where the steps are minutes; with the day where they are long. */
function clockOf(_: uPlot, splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((second) => {
    const at = new Date(second * 1_000);
    const time = at.toLocaleTimeString('en-GB').slice(0, step < 60 ? 8 : 5);
    return step < 14_400 ? time : `${at.getDate()}. ${time}`;
  });
}

function seriesOptions({ label, colour, isDashed, isFilled, isDots }: Series): uPlot.Series {
  return {
    label,
    stroke: () => css(colour),
    width: isDots ? 0 : 2,
    points: isDots ? { show: true, size: 4, fill: () => css(colour) } : { show: false },
    ...(isDashed ? { dash: [6, 5] } : {}),
    ...(isFilled ? { fill: () => `color-mix(in srgb, ${css(colour)} 14%, transparent)` } : {}),
  };
}

function drawMarks({ ctx, bbox, valToPos, scales }: uPlot, marks: readonly Mark[]): void {
  const { min, max } = scales.x ?? {};
  if (min == null || max == null) return;
  ctx.save();
  ctx.strokeStyle = css('--mark');
  ctx.fillStyle = css('--ink');
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `600 ${11 * devicePixelRatio}px system-ui`;
  // The axes leave theirs behind.
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  let lastEnd = 0;
  for (const { at, label } of marks) {
    if (at < min || at > max) continue;
    const x = valToPos(at, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const start = Math.min(x, bbox.left + bbox.width - width);
    // A label that would lie upon the last one is in the list below all the same.
    if (start < lastEnd) continue;
    ctx.fillText(label, start, bbox.top - 3 * devicePixelRatio);
    lastEnd = start + width + 6 * devicePixelRatio;
  }
  ctx.restore();
}
