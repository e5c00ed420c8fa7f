import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Finding } from '../api/shapes.ts';
import { count, stateWord } from './words.ts';

export function StateBadge({ state }: { state: string }) {
  return <span class={`badge badge-${state}`}>{stateWord(state)}</span>;
}

type HeadingProps = { children: ComponentChildren; aside?: ComponentChildren };

/** The heading of a screen, which takes the focus when the screen is entered. */
export function Heading({ children, aside }: HeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    document.title = `${heading.current?.textContent ?? ''} · Fairgate`;
  }, []);
  return (
    <div class="heading">
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
      {aside && <div class="row">{aside}</div>}
    </div>
  );
}

type CardProps = { title: string; children: ComponentChildren; class?: string; aside?: unknown };

export function Card({ title, children, class: name = '', aside }: CardProps) {
  return (
    <div class={`card ${name}`}>
      <div class="card-head">
        <h2>{title}</h2>
        {aside as ComponentChildren}
      </div>
      {children}
    </div>
  );
}

export function Trouble({ text, retry }: { text: string; retry(): void }) {
  return (
    <div class="notice notice-bad" role="alert">
      {text}{' '}
      <button type="button" class="button-quiet" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

export function Waiting() {
  return (
    <p class="muted" role="status">
      Loading…
    </p>
  );
}

type Column<T> = { head: string; cell(row: T): ComponentChildren; isNumber?: boolean };
type TableProps<T> = {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  empty: string;
};

/** A table that scrolls in its own box where the screen is narrow. */
export function Table<T>({ caption, columns, rows, keyOf, empty }: TableProps<T>) {
  if (rows.length === 0) return <p class="muted">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keyboard
    <section class="table-box" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="hidden-words">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, isNumber }) => (
              <th key={head} scope="col" class={isNumber ? 'number' : ''}>
                {head || <span class="hidden-words">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, isNumber }) => (
                <td key={head} class={isNumber ? 'number' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const ranks = { error: 'Stops it', warning: 'Look at this', info: 'Good to know' } as const;

/** What a sale is to be looked at for, with what to do about it. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return <p class="good">Nothing stands against it.</p>;
  return (
    <ul class="findings">
      {findings.map(({ code, severity, message, todo, path }) => (
        <li key={`${code} ${path} ${message}`} class={`finding finding-${severity}`}>
          <span class="badge">{ranks[severity]}</span>
          <div>
            <p>{message}</p>
            <p class="muted">{todo}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

type Stock = { free: number; held: number; sold: number };

/** Units as one bar, with its figures in words. */
export function StockBar({ free, held, sold }: Stock) {
  const total = free + held + sold;
  const share = (part: number) => ({ width: `${total === 0 ? 0 : (part / total) * 100}%` });
  return (
    <div class="stock">
      <div class="stock-bar" aria-hidden="true">
        <span class="stock-sold" style={share(sold)} />
        <span class="stock-held" style={share(held)} />
        <span class="stock-free" style={share(free)} />
      </div>
      <dl class="legend">
        <div class="legend-sold">
          <dt>Sold</dt>
          <dd>{count(sold)}</dd>
        </div>
        <div class="legend-held">
          <dt>Held</dt>
          <dd>{count(held)}</dd>
        </div>
        <div class="legend-free">
          <dt>Free</dt>
          <dd>{count(free)}</dd>
        </div>
      </dl>
    </div>
  );
}

type Step = { label: string; value: number };

/** Bars that shrink from step to step. */
export function Funnel({ steps }: { steps: readonly Step[] }) {
  const most = Math.max(1, ...steps.map(({ value }) => value));
  return (
    <ol class="funnel">
      {steps.map(({ label, value }) => (
        <li key={label}>
          <span class="funnel-label">{label}</span>
          <span class="funnel-bar" aria-hidden="true">
            <span style={{ width: `${(value / most) * 100}%` }} />
          </span>
          <span class="funnel-value">{count(value)}</span>
        </li>
      ))}
    </ol>
  );
}
