import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { Transport } from '@elastic/transport';

type TransportOptions = ConstructorParameters<typeof Transport>[0];

/**
 * One client for Elasticsearch 8, 9 and OpenSearch: it sends plain `application/json` (the vendored type of a v9 client is
 * refused by 8.x) and leaves out the product check, which refuses OpenSearch only after the write has been done. What is
 * at the other end is found out once, by `connect`.
 */
class PlainTransport extends Transport {
  constructor(options: TransportOptions) {
    super({
      ...options,
      productCheck: undefined as never,
      vendoredHeaders: {
        jsonContentType: 'application/json',
        ndjsonContentType: 'application/x-ndjson',
        accept: 'application/json',
      },
    });
  }
}

/** The search engine's client, whatever product is at the other end. */
export function createClient(options: ClientOptions): Client {
  return new Client({ ...options, Transport: PlainTransport });
}
