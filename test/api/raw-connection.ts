import { connect } from "node:net";

export type RawAnswer = {
  /** All that came, as text. */
  text: string;
  /** Milliseconds until the server closed the connection. */
  closedAfterMs: number;
};

type Options = {
  /** Sent again and again, after so long each time. */
  trickle?: { text: string; everyMs: number };
  /** Closes the connection itself after so long. */
  leaveAfterMs?: number;
};

/** Writes to a connection what no HTTP client would, and waits until the server closes it. */
export function askRaw(url: string, text: string, { trickle, leaveAfterMs }: Options = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(text);
      if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
    });
    const timer = trickle && setInterval(() => socket.write(trickle.text), trickle.everyMs);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A reset closes it as well.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(timer);
      const answer = Buffer.concat(chunks).toString("latin1");
      resolve({ text: answer, closedAfterMs: performance.now() - startedAt });
    });
  });
}
