import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A way to Redis that can be shut and opened again, over TLS when there is a certificate. */
export async function openRedisDoor(to: URL, certificate?: { key: string; cert: string }) {
  const sockets = new Set<Socket>();
  const pass = (socket: Socket) => {
    const redis = tcpConnect(Number(to.port), to.hostname);
    for (const [one, other] of [
      [socket, redis],
      [redis, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  };
  const create = (): Server => (certificate ? createTlsServer(certificate, pass) : createServer(pass));
  const listen = (server: Server, port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  let server = create();
  await listen(server, 0);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const shut = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    return closed;
  };
  return {
    port,
    shut,
    reopen: async () => {
      server = create();
      await listen(server, port);
    },
  };
}
