/** Attacks of each kind among the events of a benchmark: all among the first, so that every size has the same number. */
const ATTACKS = 20;
/** A million events fit into the day, so that all of them are in the day that an alert counts. */
const MORNING = Date.parse('2025-03-11T08:00:00Z');

/**
 * A process creation as it is indexed. Twenty events are attacks of each kind; among the others are many calls of wmic that
 * are none.
 * @param number tells events apart, from 0
 * @param ingested event.ingested, milliseconds since 1970
 */
export function processCreation(number: number, ingested = Date.now()): string {
  const attack = number < ATTACKS * 100 && number % 100 === 0;
  const child = number < ATTACKS * 100 && number % 100 === 1;
  const name = attack || number % 50 === 7 ? 'WMIC.exe' : `tool-${number % 300}.exe`;
  const command = attack
    ? `wmic /node:ws-${number} process call create "cmd.exe /c whoami"`
    : `"C:\\Program Files\\Vendor\\${name}" --job ${number} process list --create-report C:\\Temp\\${number}.csv`;
  return JSON.stringify({
    '@timestamp': new Date(MORNING + number * 50).toISOString(),
    event: { category: ['process'], type: ['start'], kind: 'event', ingested: new Date(ingested).toISOString() },
    host: { name: `ws-${number % 500}.example` },
    user: { name: `user-${number % 2_000}` },
    process: {
      pid: number % 65_536,
      name,
      executable: `C:\\Program Files\\Vendor\\${name}`,
      command_line: command,
      entity_id: `{00000000-0000-0000-0000-${String(number).padStart(12, '0')}}`,
      parent: { name: child ? 'WmiPrvSE.exe' : 'explorer.exe', pid: 4_000 },
    },
  });
}
