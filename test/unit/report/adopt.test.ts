import { adoptText } from '../../../src/report/plan-text';

const about = { kind: 'ingest_pipeline', id: 'a' };

test('report of adopt: names what was adopted, with what the next deploy changes; what failed; what was ours', () => {
  const adopted = [
    { ...about, status: 'adopted', diff: '--- cluster/a\n+++ content/a\n-x: 1\n+x: 2\n' },
    { kind: 'detection_rule', id: 'b', title: 'A rule', status: 'failed', diff: '', error: 'REFUSED\u001b[2J' },
  ] as const;
  expect(adoptText(adopted, ['index_template/c'])).toMatchInlineSnapshot(`
   "  + ingest_pipeline/a  adopted
         --- cluster/a
         +++ content/a
         -x: 1
         +x: 2
     ! detection_rule/b “A rule”  failed: REFUSED\\u{1b}[2J
     = index_template/c  is ours already
   What differs is as it was; \`deploy\` changes it, \`plan\` shows it again."
  `);
});

test('report of adopt: a resource that is the same already needs no deploy', () => {
  expect(adoptText([{ ...about, status: 'adopted', diff: '' }], [])).toMatchInlineSnapshot(
    `"  + ingest_pipeline/a  adopted"`,
  );
});
