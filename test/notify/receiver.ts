import type { Server } from "bun";

/** A request as a receiver got it. */
export type Received = { path: string; headers: Headers; body: string };

export type Receiver = {
  url: string;
  received: Received[];
  /** Answers the next requests, one each, in this order; 204 when there are none left. */
  answerNext(...answers: Answer[]): void;
  /** Answers all that come, once the prepared answers are used up. */
  answerAll(answer: Answer): void;
  stop(): void;
};

export type Answer = (request: Received, raw: Request) => Response | Promise<Response>;

export const status =
  (code: number, headers: Record<string, string> = {}, body: string | null = null): Answer =>
  () =>
    new Response(body, { status: code, headers });

/** Never answers, until the test is over or the client leaves. */
export const hang: Answer = (_, raw) =>
  new Promise((resolve) => raw.signal.addEventListener("abort", () => resolve(new Response(null, { status: 499 }))));

/** Somebody's program that is told of events, on a real socket. */
export function startReceiver(): Receiver {
  const received: Received[] = [];
  const prepared: Answer[] = [];
  let standing: Answer = status(204);
  const server: Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (raw) => {
      const request = { path: new URL(raw.url).pathname, headers: raw.headers, body: await raw.text() };
      received.push(request);
      return (prepared.shift() ?? standing)(request, raw);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    received,
    answerNext: (...answers) => void prepared.push(...answers),
    answerAll: (answer) => {
      standing = answer;
    },
    stop: () => void server.stop(true),
  };
}
