import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { type Fetch, FetchError } from "../fetch/fetch.ts";
import {
  createOperatorEndpoint,
  type OperatorEndpoint,
  underBase,
  withoutFinalSlashes,
} from "../fetch/operator-endpoint.ts";
import { type Embedding, EmbeddingError, readEmbeddings, toRefusal } from "./embedding-answer.ts";
import { createPace } from "./pace.ts";

/** How long an answer is waited for: by somebody who searches, or by nobody. */
export type EmbeddingPurpose = "query" | "passages";

export type EmbedOptions = {
  /** Another model of the same endpoint, in place of the one that the settings name. */
  model?: string;
  purpose?: EmbeddingPurpose;
  signal?: AbortSignal | undefined;
};

/** Asks an endpoint that speaks OpenAI's `POST /embeddings` for vectors. */
export type Embedder = {
  /** Host and path of the endpoint, and the model: whose vectors can be compared with each other. */
  endpoint: string;
  model: string;
  /** Texts that are sent at a time. */
  batchSize: number;
  /**
   * A vector for each text, in their order, normalised to length 1. After a failure it is `resting` for a while, for the
   * same model and purpose.
   * @throws EmbeddingError
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Embedding[]>;
  /** Milliseconds until the next request for passages may go out; 0 if it is this one's turn, which is then taken. */
  takeTurn(): number;
  close(): void;
};

/** A vector of 4,096 numbers takes some 100 KB of JSON. */
const MAX_NUMBER_BYTES = 24;
const MAX_DIMENSIONS = 16_000;
const MAX_ANSWER_BYTES = 200_000_000;
/** After a failure the endpoint is left alone for a while: searches do not wait for what is not there. */
const REST_MS = 30_000;
const MAX_REST_MS = 600_000;

type Parts = { clock: Clock; userAgent: string; fetch?: Fetch };

/**
 * The embedder that the settings name; `undefined` where there is none. It may be in this network, since the operator
 * names it, and its way out leads to that one host alone.
 */
export function openEmbedder(config: Config, parts: Parts): Embedder | undefined {
  const { EMBEDDINGS_URL, EMBEDDINGS_MODEL, EMBEDDINGS_KEY, EMBEDDINGS_BATCH, EMBEDDINGS_PER_MINUTE } = config;
  if (EMBEDDINGS_URL === undefined || EMBEDDINGS_MODEL === undefined) return undefined;
  const { clock } = parts;
  const open = (timeoutMs: number, texts: number) =>
    createOperatorEndpoint(
      {
        url: underBase(EMBEDDINGS_URL, "embeddings"),
        headers: EMBEDDINGS_KEY === undefined ? {} : { authorization: `Bearer ${EMBEDDINGS_KEY}` },
        timeoutMs,
        maxAnswerBytes: Math.min(MAX_ANSWER_BYTES, (texts + 1) * MAX_DIMENSIONS * MAX_NUMBER_BYTES),
      },
      parts,
    );
  const ways: Record<EmbeddingPurpose, OperatorEndpoint> = {
    query: open(config.EMBEDDINGS_QUERY_TIMEOUT_MS, 1),
    passages: open(config.EMBEDDINGS_TIMEOUT_MS, EMBEDDINGS_BATCH),
  };
  const rests = createRests(clock);
  const pace = createPace(EMBEDDINGS_PER_MINUTE, clock);
  const { host, pathname } = new URL(EMBEDDINGS_URL);
  return {
    endpoint: host + withoutFinalSlashes(pathname),
    model: EMBEDDINGS_MODEL,
    batchSize: EMBEDDINGS_BATCH,
    takeTurn: pace.takeTurn,
    embed: async (texts, { model = EMBEDDINGS_MODEL, purpose = "passages", signal } = {}) => {
      if (texts.length === 0) return [];
      const asked = `${purpose} ${model}`;
      rests.refuse(asked);
      try {
        return await askFor(ways[purpose], { texts, model, signal, key: EMBEDDINGS_KEY });
      } catch (error) {
        if (error instanceof EmbeddingError && error.code !== "unfit") rests.begin(asked, error);
        throw error;
      }
    },
    close: () => {
      for (const way of Object.values(ways)) way.close();
    },
  };
}

type Question = {
  texts: readonly string[];
  model: string;
  signal: AbortSignal | undefined;
  /** Not to be told, though an answer may repeat it. */
  key: string | undefined;
};

async function askFor({ post }: OperatorEndpoint, { texts, model, signal, key }: Question): Promise<Embedding[]> {
  const body = { model, input: texts, encoding_format: "float" };
  const answer = await post(body, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw toEmbeddingError(error);
  });
  if (answer.status !== 200)
    throw toRefusal(key === undefined ? answer : { ...answer, text: answer.text.replaceAll(key, "…") });
  return readEmbeddings(answer.text, texts.length);
}

function toEmbeddingError(error: unknown): unknown {
  if (!(error instanceof FetchError)) return error;
  if (error.code === "too_large") return new EmbeddingError("unusable", error.message);
  return new EmbeddingError(error.code === "timeout" ? "timeout" : "unreachable", error.message);
}

/** Who is left alone, until when, and why. */
function createRests(clock: Clock) {
  const rests = new Map<string, { until: number; message: string }>();
  return {
    refuse: (asked: string) => {
      const rest = rests.get(asked);
      const leftMs = (rest?.until ?? 0) - clock.now().getTime();
      if (rest && leftMs > 0) throw new EmbeddingError("resting", rest.message, leftMs);
      rests.delete(asked);
    },
    begin: (asked: string, { message, retryAfterMs = 0 }: EmbeddingError) => {
      const restMs = Math.min(Math.max(REST_MS, retryAfterMs), MAX_REST_MS);
      rests.set(asked, { until: clock.now().getTime() + restMs, message });
    },
  };
}
