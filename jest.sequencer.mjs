import Sequencer from '@jest/test-sequencer';

/** The files that take longest, by name and longest first. A clean checkout has no timings, so jest would order by file size. */
const SLOW = [
  'engine/faults',
  'engine/run',
  'engine/test-rules',
  'engine/deploy',
  'engine/run-groups',
  'engine/run-watch',
  'contract/alerting-monitors',
].map((name) => `/test/${name}.test.ts`);

/** Starts the slow files first, so that the workers end at about the same time; the others come in jest's own order. */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = SLOW.findIndex((name) => path.replaceAll('\\', '/').endsWith(name));
      return index === -1 ? SLOW.length : index;
    };
    return super.sort(tests).sort((left, right) => rank(left) - rank(right));
  }
}
