import { BlockList, isIP } from 'node:net';

/** Whether an address is in a network, `10.0.0.0/8`; one of the other version never is. */
export function inNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (isIP(address) !== isIP(base)) return false;
  const kind = isIP(base) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(bits), kind);
  return list.check(address, kind);
}
