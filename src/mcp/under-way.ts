import { AppError } from "../errors.ts";

type Closable = { close(): Promise<void> };

/** What is being answered, so that it can be waited for and ended when the service stops. */
export type UnderWay = {
  /** Counts an answer until what this returns is called. `closes` ends it by force. */
  add(closes?: Closable): () => void;
  /**
   * Counts a stream that ends by nothing but its client's leaving.
   * @throws AppError `rate_limited`
   */
  listen(owner: string, closes: Closable): () => void;
  /** Ends streams that go on for ever, waits for the rest until `grace` is over, and ends that. */
  end(grace: Promise<unknown>): Promise<void>;
};

export function createUnderWay(maxListeningPerOwner: number): UnderWay {
  const answers = new Set<{ closes?: Closable | undefined }>();
  const listening = new Map<Closable, string>();
  let idle: (() => void) | undefined;

  return {
    add: (closes) => {
      const answer = { closes };
      answers.add(answer);
      return () => {
        answers.delete(answer);
        if (answers.size === 0) idle?.();
      };
    },
    listen: (owner, closes) => {
      const count = [...listening.values()].filter((listener) => listener === owner).length;
      if (count >= maxListeningPerOwner) {
        throw new AppError("rate_limited", `${count} streams of changes are open for you, which is the limit`);
      }
      listening.set(closes, owner);
      return () => listening.delete(closes);
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
