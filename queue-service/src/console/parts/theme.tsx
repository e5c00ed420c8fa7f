import { signal } from '@preact/signals';

type Theme = 'system' | 'light' | 'dark';
const order: readonly Theme[] = ['system', 'light', 'dark'];
const kept = localStorage.getItem('fairgate-theme');
const theme = signal<Theme>(order.find((one) => one === kept) ?? 'system');

function apply(): void {
  const root = document.documentElement;
  if (theme.value === 'system') root.removeAttribute('data-theme');
  else root.dataset.theme = theme.value;
}
apply();

/** Goes through the looks: as the system has it, light, dark. */
export function ThemeButton() {
  const next = () => {
    theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system';
    localStorage.setItem('fairgate-theme', theme.value);
    apply();
  };
  return (
    <button type="button" class="button-quiet" onClick={next}>
      Look: {theme.value}
    </button>
  );
}
