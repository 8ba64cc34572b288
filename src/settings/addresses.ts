import { describePlace, type Problem } from '../errors';
import { cloudUrls } from './cloud-id';
import type { SettingLookup } from './setting-lookup';

/** The URLs of a product: as they are written, or as a cloud id says them; of two layers the first counts. */
export function addressesOf({ product, find }: SettingLookup, problems: Problem[]): readonly string[] {
  const url = find('url');
  const cloud = find('cloud_id');
  if (url !== undefined && cloud !== undefined && url.level === cloud.level) {
    const message = `${product}: both url and cloud_id (${describePlace(cloud.where)})`;
    problems.push({ where: url.where, message, hint: 'Take one of them away: a cloud id stands for a URL.' });
  }
  if (cloud === undefined || (url !== undefined && url.level < cloud.level)) {
    return (Array.isArray(url?.value) ? url.value : [url?.value]).flatMap((each) =>
      each === undefined ? [] : String(each),
    );
  }
  const found = cloudUrls(String(cloud.value))?.[product];
  if (found !== undefined) return [found];
  const name = product === 'kibana' ? 'Kibana' : 'Elasticsearch';
  problems.push({
    where: cloud.where,
    message: `${product}.cloud_id: is not the cloud id of a deployment with ${name}`,
    hint: 'Copy it from the page of the deployment: a name, a colon and base64.',
  });
  return [];
}
