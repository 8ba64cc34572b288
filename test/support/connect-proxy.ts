import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listening } from './listening';

export interface ConnectProxy {
  readonly url: string;
  /** What it was asked to connect to, and with which header. */
  readonly asked: { readonly host: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

/**
 * A proxy that knows every host name, and connects all of them with one port of loopback: so a test can tell what went
 * through it, because no other way leads to such a name.
 * @param status what it answers instead of connecting
 */
export async function connectProxy(port: number, status?: number): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = [];
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('connect', (request, socket) => {
    sockets.add(socket);
    asked.push({ host: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  const { url, close } = await listening(server);
  return {
    url,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy(); // What was connected onward is no connection of the server any more.
      return close();
    },
  };
}
