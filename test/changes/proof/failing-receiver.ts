import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How requests are answered: all taken, all refused, all cut off, or the first left without an answer. */
export type Mood = "takes" | "refuses" | "cuts" | "hangs";

export type FailingReceiver = {
  url: string;
  /** What it took, in order; what it failed at is not among it. */
  taken: { id: string; body: string }[];
  /** Requests that it failed at. */
  readonly failed: number;
  be(mood: Mood): void;
  stop(): void;
};

/** Somebody's program that is told of changes, and is not always well. */
export async function startFailingReceiver(): Promise<FailingReceiver> {
  const taken: FailingReceiver["taken"] = [];
  let mood: Mood = "takes";
  let failed = 0;
  let hanging = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await Array.fromAsync(request as AsyncIterable<Buffer>);
    if (mood === "takes") {
      taken.push({ id: String(request.headers["webhook-id"]), body: Buffer.concat(body).toString() });
      response.writeHead(204).end();
      return;
    }
    failed++;
    if (mood === "cuts") request.socket.destroy();
    else if (mood === "refuses" || hanging > 0) response.writeHead(500).end();
    else hanging++;
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken,
    get failed() {
      return failed;
    },
    be: (next) => {
      mood = next;
      hanging = 0;
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
