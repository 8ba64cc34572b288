import { byId } from './dom';
import type { Overview } from './overview';

interface Parts {
  readonly charts: Overview;
  /** Opens what is to be read on paper; hands back what closes it again. */
  readonly openForPrint: () => () => void;
}

/** Keeps the charts in the colours of the theme, and makes the page ready for paper before it is printed. */
export function followAppearance({ charts, openForPrint }: Parts): void {
  const root = document.documentElement;
  const theme = byId('theme', HTMLSelectElement);
  const apply = (): void => {
    root.dataset.theme = theme.value;
    charts.repaint();
  };
  theme.addEventListener('change', apply);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);

  let restore: (() => void) | undefined;
  addEventListener('beforeprint', () => {
    restore ??= openForPrint();
    root.dataset.theme = 'light';
    charts.repaint();
  });
  addEventListener('afterprint', () => {
    restore?.();
    restore = undefined;
    apply();
  });
  byId('print', HTMLElement).addEventListener('click', () => {
    print();
  });
}
