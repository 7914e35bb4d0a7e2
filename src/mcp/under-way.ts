import { type AccessChange, concerns } from "../access/announcements.ts";
import type { Principal } from "../access/principal.ts";
import { AppError } from "../errors.ts";
import { ownerOf } from "./principals.ts";

type Closable = { close(): Promise<void> };

/** What is being answered, so that it can be waited for and ended when the service stops. */
export type UnderWay = {
  /** Counts an answer until what this returns is called. `closes` ends it by force. */
  add(principal: Principal, closes?: Closable): () => void;
  /**
   * Counts a stream that ends by nothing but its client's leaving.
   * @throws AppError `rate_limited`
   */
  listen(principal: Principal, closes: Closable): () => void;
  /** Ends by force what is done for those whose access has changed. */
  endThose(change: AccessChange): void;
  /** Ends streams that go on for ever, waits for the rest until `grace` is over, and ends that. */
  end(grace: Promise<unknown>): Promise<void>;
};

export function createUnderWay(maxListeningPerOwner: number): UnderWay {
  const answers = new Set<{ principal: Principal; closes?: Closable | undefined }>();
  const listening = new Map<Closable, Principal>();
  let idle: (() => void) | undefined;

  return {
    add: (principal, closes) => {
      const answer = { principal, closes };
      answers.add(answer);
      return () => {
        answers.delete(answer);
        if (answers.size === 0) idle?.();
      };
    },
    listen: (principal, closes) => {
      const owner = ownerOf(principal);
      const count = [...listening.values()].filter((listener) => ownerOf(listener) === owner).length;
      if (count >= maxListeningPerOwner) {
        throw new AppError("rate_limited", `${count} streams of changes are open for you, which is the limit`);
      }
      listening.set(closes, principal);
      return () => listening.delete(closes);
    },
    endThose: (change) => {
      const streams = [...listening].map(([closes, principal]) => ({ principal, closes }));
      const those = [...answers, ...streams].filter(({ principal }) => concerns(change, principal));
      void Promise.allSettled(those.map(({ closes }) => closes?.close()));
    },
    end: async (grace) => {
      await Promise.all([...listening.keys()].map((stream) => stream.close()));
      const done = new Promise<void>((resolve) => {
        idle = resolve;
        if (answers.size === 0) resolve();
      });
      await Promise.race([done, grace]);
      await Promise.all([...answers].map(({ closes }) => closes?.close()));
    },
  };
}
