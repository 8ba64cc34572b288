import type { AddressInfo, Server } from 'node:net';

/** Where a server listens. */
export interface Listening {
  readonly port: number;
  /** `http`, whatever the server speaks. */
  readonly url: string;
  /** Cuts its connections, and resolves when nothing listens there any more. */
  readonly close: () => Promise<void>;
}

/** Lets a server listen on loopback, at a port that is free. */
export async function listening(server: Server & { closeAllConnections?: () => void }): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections?.();
        server.close(() => {
          resolve();
        });
      }),
  };
}
