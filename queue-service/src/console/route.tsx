import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

const base = '/console';
const path = signal(here());

function here(): string {
  return location.pathname.replace(/^\/console\/?/, '/');
}

window.addEventListener('popstate', () => {
  path.value = here();
});

/** The parts of the address behind `/console`: `['sales', 'sale_…', 'orders']`. */
export const route = computed(() => path.value.split('/').filter((part) => part !== ''));

/** Goes to a screen; the heading of it is where a screen reader goes on. */
export function go(to: string): void {
  history.pushState(null, '', `${base}${to}`);
  path.value = here();
  scrollTo(0, 0);
}

type LinkProps = { to: string; class?: string; children: ComponentChildren };

/** A link within the console: with a modifier key it is the browser's. */
export function Link({ to, children, class: name }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  const isHere = path.value === to || (to !== '/' && path.value.startsWith(`${to}/`));
  return (
    <a
      class={name}
      href={`${base}${to}`}
      onClick={follow}
      aria-current={path.value === to ? 'page' : isHere ? 'true' : undefined}
    >
      {children}
    </a>
  );
}
