const DESCRIPTION = 'Description';

/**
 * The labels of `wevtutil qe … /f:text`, in their order. Windows translates the labels and not the order. The fields have the names
 * that NXLog gives them, which the pipelines know.
 */
const LABELS: readonly (readonly [label: string, field: string])[] = [
  ['Log Name', 'Channel'],
  ['Source', 'SourceName'],
  ['Date', 'EventTime'],
  ['Event ID', 'EventID'],
  ['Task', 'Category'],
  ['Level', 'Severity'],
  ['Opcode', 'Opcode'],
  ['Keyword', 'Keywords'],
  ['User', 'UserID'],
  ['User Name', 'AccountName'],
  ['Computer', 'Hostname'],
  [DESCRIPTION, 'Message'],
];

/** What stands where there is no value; also translated, but in the English of the labels. */
const NO_VALUE: ReadonlySet<string> = new Set(['', 'N/A']);

/** Whether a text is an event as wevtutil prints it: the splitter cuts it so. */
export function isWevtutil(text: string): boolean {
  return text.startsWith('Event[');
}

/**
 * The fields of an event that wevtutil printed as text.
 * @param text from `Event[0]:` to the last line of the description
 */
export function documentOfWevtutil(text: string): Record<string, string> {
  const document: Record<string, string> = {};
  let at = lineAfter(text, 0);
  for (const [, field] of LABELS.slice(0, -1)) {
    const end = lineAfter(text, at);
    const [label, value] = partsOf(text.slice(at, end));
    if (label === undefined || value === undefined || label === DESCRIPTION) break;
    const known = LABELS.find(([english]) => english === label)?.[1] ?? field;
    if (!NO_VALUE.has(value)) document[known] = value;
    at = end;
  }
  const rest = text.slice(at);
  const colon = rest.indexOf(':');
  document.Message = (colon < 0 ? rest : rest.slice(colon + 1)).trim();
  return document;
}

function lineAfter(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

/** Label and value of a line `  Label: value`; a line of the description is not indented so. */
function partsOf(line: string): readonly (string | undefined)[] {
  return (
    /^ {2}([^:]+):(.*)/
      .exec(line)
      ?.slice(1)
      .map((part) => part.trim()) ?? []
  );
}
