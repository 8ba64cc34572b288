import { ProblemError } from '../../../src/errors';
import { ruleOf } from '../../support/rule';

/** What the author of a rule with this detection is told; `detection:` is line 9 of the file, so this begins on line 10. */
function refusal(detection: string): string {
  try {
    ruleOf(detection);
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  return 'accepted';
}

const search = (yaml: string): string => refusal(`a:\n  ${yaml}\ncondition: a`);
const condition = (text: string): string =>
  refusal(`sel_one: {process.name: a}\nsel_two: {process.name: b}\n_off: {process.name: c}\ncondition: ${text}`);

describe('rule: a search is refused', () => {
  test('when its modifier takes a part of a time', () => {
    expect(search("'@timestamp|hour': 3")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifier "hour" is not supported (Sigma specification, modifiers appendix 2.1, "Time Modifiers")
       A rule looks at what an event says, not at when it happened."
    `);
    expect(search('process.command_line|contains: x')).toBe('accepted');
  });

  test('when its modifier is misspelt', () => {
    expect(search('process.command_line|contain: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: there is no modifier "contain"
       Did you mean "contains"?"
    `);
    expect(search('process.command_line|fuzzy: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: there is no modifier "fuzzy"
       Known: contains, startswith, endswith, all, cased, neq, re, i, m, s, cidr, exists, fieldref, expand, windash, base64, base64offset, utf16le, wide, utf16be, utf16, lt, lte, gt, gte."
    `);
    expect(search('process.command_line|contains|contains: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: "process.command_line|contains|contains" has a modifier twice
       Write each modifier once."
    `);
  });

  test('when its modifiers exclude each other', () => {
    expect(search('process.command_line|contains|endswith: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifiers "contains" and "endswith" exclude each other
       Keep the one that is meant."
    `);
    expect(search('process.command_line|re|cased: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifiers "cased" and "re" exclude each other
       Keep the one that is meant."
    `);
    expect(search('process.command_line|contains|cased|windash: -x')).toBe('accepted');
  });

  test('when a word cannot be looked for', () => {
    expect(refusal('words: [mimikatz, [sekurlsa]]\ncondition: words')).toMatchInlineSnapshot(`
     "rules/test.yml:10:22: a word: a value must be a text, a number, true, false or null
       Lists hold values, not lists or maps."
    `);
    expect(search("'|exists': true")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifier "exists" needs a field
       Write the name of a field before it."
    `);
    expect(refusal('words: true\ncondition: words')).toMatchInlineSnapshot(
      `"rules/test.yml:10:3: a search must be a map of fields, or words (Sigma specification 2.0, "Search-Identifier")"`,
    );
    expect(refusal('words: [mimikatz, sekurlsa]\ncondition: words')).toBe('accepted');
    expect(search("'|all': [mimikatz, sekurlsa]")).toBe('accepted');
  });

  test('when a modifier needs another one, or another kind of value', () => {
    expect(search('process.command_line|i: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifier "i" needs "re" (Sigma specification, modifiers appendix 2.1, "Regular Expression")
       Write re|i."
    `);
    expect(search('process.pid|gt: many')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.pid|gt: gt takes a number
       See Sigma specification, modifiers appendix 2.1, "Numeric Modifiers"."
    `);
    expect(search('process.name|fieldref: 4')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.name|fieldref: fieldref takes the name of a field
       Such as ParentImage."
    `);
    expect(search('process.command_line|base64offset|contains: a*')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.command_line|base64offset|contains: base64offset takes a value without wildcards
       Write \\* and \\? where they stand for themselves."
    `);
    expect(search('process.command_line|base64|base64offset: a')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: modifiers "base64" and "base64offset" exclude each other
       Keep the one that is meant."
    `);
    expect(search('process.command_line|re|i: x')).toBe('accepted');
    expect(search('process.pid|gt: 4')).toBe('accepted');
    expect(search('process.name|fieldref: process.parent.name')).toBe('accepted');
    expect(search('process.command_line|wide|base64offset|contains: a\\*')).toBe('accepted');
  });

  test('when its placeholder has no values', () => {
    expect(search("user.name|expand: '%admins%'")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: user.name|expand: the placeholder %admins% has no values (Sigma specification 2.0, "Placeholders")
       Give it some in placeholders.yml at the top of the rules folder. Such as: admins: [a, b]."
    `);
    expect(search("user.name|expand: '100\\%'")).toBe('accepted');
  });

  test('when its field has no possible name', () => {
    expect(search("'process name': x")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: "process name" is not a field's name
       Write letters, digits and _ in parts joined by dots, such as CommandLine or process.parent.name."
    `);
    expect(search("'process.*': x")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: "process.*" is not a field's name
       Write letters, digits and _ in parts joined by dots, such as CommandLine or process.parent.name."
    `);
    expect(search("'@timestamp|exists': true")).toBe('accepted');
  });

  test('when its list is empty, or "all" has nothing to join', () => {
    expect(search('process.name: []')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: "process.name" has an empty list: it would never match
       Give it a value."
    `);
    expect(search('process.command_line|contains|all: x')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: "process.command_line|contains|all" has one value only: "all" needs a list of two or more
       Leave "all" out."
    `);
    expect(search('process.command_line|contains|all: [x, y]')).toBe('accepted');
  });

  test('when it is empty', () => {
    expect(refusal('a: {}\ncondition: a')).toMatchInlineSnapshot(
      `"rules/test.yml:10:3: a search needs at least one field"`,
    );
    expect(refusal('a: []\ncondition: a')).toMatchInlineSnapshot(
      `"rules/test.yml:10:3: search identifier "a" is empty"`,
    );
  });

  test('when a value is no plain value', () => {
    expect(search('process.name: {is: x}')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.name: a value must be a text, a number, true, false or null
       Lists hold values, not lists or maps."
    `);
    expect(search('process.name: [[x]]')).toMatchInlineSnapshot(`
     "rules/test.yml:11:20: process.name: a value must be a text, a number, true, false or null
       Lists hold values, not lists or maps."
    `);
    expect(search('process.name|contains: null')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.name|contains: null cannot be combined with modifiers
       Write process.name: null."
    `);
    expect(search('process.name: null')).toBe('accepted');
  });

  test('when a number would not be kept exactly', () => {
    expect(search('process.pid: 9007199254740993')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.pid: this number cannot be kept exactly
       Put it in quotes."
    `);
    expect(search('process.pid: .inf')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.pid: this number cannot be kept exactly
       Put it in quotes."
    `);
    expect(search("process.pid: '9007199254740993'")).toBe('accepted');
  });

  test('when exists is given anything but true or false', () => {
    expect(search("process.name|exists: 'yes'")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.name|exists: exists takes true or false
       Write process.name|exists: true."
    `);
    expect(search('process.name|exists: false')).toBe('accepted');
  });

  test('when a network is invalid or covers all of IPv4 implicitly', () => {
    expect(search('source.ip|cidr: 10.0.0.0/33')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: source.ip|cidr: "10.0.0.0/33" is not a network
       Write an address and its bits: 10.0.0.0/8, fd00::/8."
    `);
    expect(search('source.ip|cidr: 10.0.0.0')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: source.ip|cidr: "10.0.0.0" is not a network
       Write an address and its bits: 10.0.0.0/8, fd00::/8."
    `);
    expect(search("source.ip|cidr: '::/0'")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: source.ip|cidr: "::/0" would match every IPv4 address too, which engines keep as ::ffff:0:0/96
       To ask for any address, write source.ip|exists: true; else name a narrower network."
    `);
    expect(search("source.ip|cidr: 'fd00::/8'")).toBe('accepted');
  });

  test('when windash would make too many variants', () => {
    expect(search("process.command_line|windash: '-a -b -c -d'")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.command_line|windash: windash makes more than 125 variants of this value
       Look for each option by itself, in a list under |contains|windash|all."
    `);
    expect(search("process.command_line|windash: '-a -b -c'")).toBe('accepted');
  });

  test('when engines would refuse to search for its value', () => {
    expect(search("process.name|endswith: 'a????????????????'")).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.name|endswith: this value is too long or too complex: engines refuse to search for it
       Behind a *, use few ? and no long repetitions; or look for several shorter pieces under |contains|all."
    `);
    expect(search("process.name|endswith: 'a????????'")).toBe('accepted');
  });
});

describe('rule: a regular expression is refused', () => {
  const regex = (source: string): string => search(`process.command_line|re: '${source}'`);

  test.each([
    ['a(?i)x', 2],
    ['a(?=b)', 2],
    ['(?<name>a)', 1],
    ['\\bword', 1],
    ['(a)\\1', 4],
    ['a++', 3],
    ['a**', 3],
    ['a{3,2}', 2],
    ['a{2000}', 2],
    ['*a', 1],
    ['(a', 1],
    ['a)', 2],
    ['[a', 1],
    ['[z-a]', 2],
    ['[[:alfa:]]', 2],
    ['a^b', 2],
    ['a$b', 2],
    ['a(^b|c)', 3],
    ['(^a)+', 2],
    ['a\\', 2],
  ])('%s, at its character %i', (source, character) => {
    expect(regex(source)).toContain(`regular expression, character ${character}: `);
  });

  test('when it is longer than engines allow', () => {
    expect(regex(`a.${'b'.repeat(1000)}`)).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.command_line|re: this regular expression is longer than engines allow (1000 characters)
       Use several shorter ones, in a list."
    `);
    expect(regex(`a.${'b'.repeat(900)}`)).toBe('accepted');
  });

  test('with what is supported', () => {
    expect(regex('wmic(?=\\.exe)')).toMatchInlineSnapshot(`
     "rules/test.yml:11:5: process.command_line|re: regular expression, character 5: only plain groups and (?:…) are supported: no look-around, flags within or names (Sigma specification, modifiers appendix 2.1, "Regular Expression")
       Supported: . ^ $ * + ? {n,m} [a-z] [^a-z] ( ) | \\d \\w \\s \\D \\W \\S, lazy quantifiers, (?i) (?m) (?s) in front, and escaped characters."
    `);
  });

  test.each([
    '(?i)x',
    'a*?',
    'a{,3}',
    '[[:alpha:]]',
    '(^a|b)',
    '(a|b$)',
    '(^|\\s)x(\\s|$)',
    '\\x41\\u0042',
    '[\\S ]',
    '^a|b$',
    '(a|b)+c{2,}',
    '[^a-z\\d]x',
    '\\\\server\\\\.+',
    'a]b}',
    '[]a]',
    '(?:a|)b',
  ])('but not %s', (source) => {
    expect(regex(source)).toBe('accepted');
  });
});

describe('rule: a condition is refused', () => {
  test('when it names a missing search', () => {
    expect(condition('sel_one and sel_too and sel_two')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: there is no search identifier "sel_too" (character 13) (Sigma specification 2.0, "Condition")
       Did you mean "sel_two"?"
    `);
    expect(condition('1 of filter_*')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: no search identifier matches "filter_*" (character 6) (Sigma specification 2.0, "Condition")
       Known: sel_one, sel_two, _off."
    `);
  });

  test('when it is cut short or has too much', () => {
    expect(condition('sel_one and')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: it ends where a name was expected (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
    expect(condition('(sel_one or sel_two')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: the bracket at character 1 is not closed (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
    expect(condition('sel_one or sel_two)')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: unexpected ")" at character 19 (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
    expect(condition('sel_one sel_two')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: unexpected "sel_two" at character 9 (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
    expect(condition('1 of')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: it ends where a pattern was expected (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
  });

  test('when it counts', () => {
    expect(condition('sel_one or sel_two | count() by host.name > 5')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: unexpected "|" at character 20 (Sigma specification 2.0, "Condition")
       Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
    `);
    expect(condition('2 of sel_*')).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: "2 of" is not supported (character 1) (Sigma specification 2.0, "Condition")
       Write "1 of" or "all of"."
    `);
    expect(condition('1 of sel_*')).toBe('accepted');
    expect(condition('any of sel_*')).toBe('accepted');
  });

  test('when it is missing or no text', () => {
    expect(refusal('a: {process.name: x}')).toMatchInlineSnapshot(`
     "rules/test.yml:9:1: condition must be a text
       Such as: selection and not 1 of filter_*"
    `);
    expect(refusal('a: {process.name: x}\ncondition: 1')).toMatchInlineSnapshot(`
     "rules/test.yml:11:3: condition must be a text
       Such as: selection and not 1 of filter_*"
    `);
  });

  test('when it leaves a search unused', () => {
    expect(condition('sel_one')).toMatchInlineSnapshot(`
     "rules/test.yml:11:3: search identifier "sel_two" is not used by the condition
       Use it, delete it, or let its name begin with an underscore."
    `);
    expect(condition('sel_one or sel_two')).toBe('accepted');
  });

  test('when it nests too deep', () => {
    const nested = (depth: number): string => condition(`${'('.repeat(depth)}sel_one or sel_two${')'.repeat(depth)}`);
    expect(nested(11)).toMatchInlineSnapshot(`
     "rules/test.yml:13:3: condition: brackets nest deeper than 10 (Sigma specification 2.0, "Condition")
       Give a part of it a name."
    `);
    expect(nested(10)).toBe('accepted');
    expect(nested(100_000)).toContain('brackets nest deeper than 10');
  });
});

test('rule: a detection with a time frame is refused', () => {
  expect(refusal('a: {process.name: x}\ntimeframe: 5m\ncondition: a')).toMatchInlineSnapshot(
    `"rules/test.yml:11:3: timeframe is not supported: a rule looks at one event at a time"`,
  );
});

test('rule: a search with a word of the grammar as its name is refused', () => {
  expect(refusal('not: {process.name: x}\ncondition: 1 of them')).toMatchInlineSnapshot(`
   "rules/test.yml:10:3: "not" cannot be the name of a search identifier
     Use letters, digits, _, - and dots."
  `);
});

test('rule: a rule that compares more values than engines allow is refused', () => {
  const list = (length: number): string =>
    `{process.name: [${Array.from({ length }, (_, n) => `p${n}.exe`).join(', ')}]}`;
  expect(refusal(`a: ${list(1001)}\ncondition: a`)).toMatchInlineSnapshot(`
   "rules/test.yml:9:1: the rule compares more than 1000 values
     Split it into several rules."
  `);
  expect(refusal(`a: ${list(1000)}\ncondition: a`)).toBe('accepted');
});

test('rule: all problems of a rule are reported at once, each with its place', () => {
  expect(refusal('a:\n  process.name|near: x\nb:\n  process.pid: [1, [2]]\ncondition: a and c')).toMatchInlineSnapshot(`
   "rules/test.yml:11:5: there is no modifier "near"
     Known: contains, startswith, endswith, all, cased, neq, re, i, m, s, cidr, exists, fieldref, expand, windash, base64, base64offset, utf16le, wide, utf16be, utf16, lt, lte, gt, gte.
   rules/test.yml:13:22: process.pid: a value must be a text, a number, true, false or null
     Lists hold values, not lists or maps.
   rules/test.yml:14:3: condition: there is no search identifier "c" (character 7) (Sigma specification 2.0, "Condition")
     Known: a, b."
  `);
});

test('rule: a list of conditions holds when any of them does', () => {
  expect(refusal('a: {process.name: x}\nb: {process.name: y}\ncondition: [a, b]')).toBe('accepted');
  expect(refusal('a: {process.name: x}\nb: {process.name: y}\ncondition: [a, b or]')).toMatchInlineSnapshot(`
   "rules/test.yml:12:18: condition: it ends where a name was expected (Sigma specification 2.0, "Condition")
     Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes."
  `);
});
