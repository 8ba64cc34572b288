import type { Severity } from '../src/detections/rule';
import { barPlot } from './bar-plot';
import { byId, element, fill } from './dom';
import type { Filters, Item } from './filters';
import { entitiesOf } from './risk';
import { bucketsOf, minuteOf, spanOf, type Bucket } from './timeline';

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** Bars of risk; all others stand in the table. */
const MOST_ENTITIES = 8;

export interface Overview {
  show(items: readonly Item[]): void;
  /** Draws again in the colours and the size of now. */
  repaint(): void;
}

/**
 * How many alerts of each severity there are, when, and whose risk is highest.
 * @param choose sets these filters and leaves the others
 */
export function overview(choose: (filters: Partial<Filters>) => void): Overview {
  const timeline = barPlot(byId('timeline', HTMLElement), {
    title: 'Alerts over time (UTC)',
    of: 'Time',
    series: SEVERITIES.map((severity) => ({ title: severity, color: `--${severity}` })),
  });
  const ranking = (type: 'host' | 'user') => ({
    type,
    plot: barPlot(byId(`${type}s`, HTMLElement), {
      title: `Risk by ${type}`,
      of: type,
      series: [{ title: 'risk', color: '--accent' }, { title: 'alerts' }],
      lying: MOST_ENTITIES,
    }),
  });
  const rankings = [ranking('host'), ranking('user')];
  return {
    show(items) {
      showSeverities(items, choose);
      timeline.show(
        bucketsOf(items).map((bucket, index, all) => ({
          label: spanOf(bucket),
          short: shortSpan(bucket, all[index - 1]),
          values: SEVERITIES.map((severity) => bucket.items.filter(({ alert }) => alert.severity === severity).length),
          choose: () => {
            choose({ from: inputTime(bucket.from), to: inputTime(bucket.to) });
          },
        })),
      );
      for (const { type, plot } of rankings) {
        plot.show(
          entitiesOf(items, type).map(({ value, score, alerts }) => ({
            label: value,
            values: [score, alerts],
            choose: () => {
              choose({ [type]: value });
            },
          })),
        );
      }
    },
    repaint() {
      for (const plot of [timeline, ...rankings.map((each) => each.plot)]) plot.repaint();
    },
  };
}

function showSeverities(items: readonly Item[], choose: (filters: Partial<Filters>) => void): void {
  const tiles = SEVERITIES.map((severity) => {
    const count = items.filter(({ alert }) => alert.severity === severity).length;
    const button = element(
      'button',
      { type: 'button', class: severity },
      element('b', {}, String(count)),
      ` ${severity}`,
    );
    button.addEventListener('click', () => {
      choose({ severity });
    });
    return element('li', {}, button);
  });
  fill(byId('severities', HTMLElement), tiles);
}

/** What `datetime-local` takes. */
function inputTime(time: number): string {
  return minuteOf(time).replace(' ', 'T');
}

/** The time of day, and the day where it is another than before. */
function shortSpan(bucket: Bucket, before: Bucket | undefined): string[] {
  const [day = '', time = ''] = minuteOf(bucket.from).split(' ');
  const newDay = before === undefined || minuteOf(before.from).slice(0, 10) !== day;
  return newDay ? [time, day] : [time];
}
