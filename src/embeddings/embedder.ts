import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Fetch } from "../fetch/fetch.ts";

export type Embedding = Float32Array;

/** Asks an endpoint that speaks OpenAI's `POST /embeddings` for vectors. */
export type Embedder = {
  /** Host and path of the endpoint, and the model: whose vectors can be compared with each other. */
  endpoint: string;
  model: string;
  /**
   * A vector for each text, in their order, normalised to length 1.
   * @throws EmbeddingError
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Embedding[]>;
  close(): void;
};

/** Why there are no vectors, and when to ask again where the endpoint said so. */
export class EmbeddingError extends Error {
  constructor(
    readonly code: "unreachable" | "timeout" | "rate_limited" | "refused" | "unusable" | "resting",
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "EmbeddingError";
  }
}

/** The embedder that the settings name; `undefined` where there is none. */
export function openEmbedder(
  _config: Config,
  _parts: { clock: Clock; userAgent: string; fetch?: Fetch },
): Embedder | undefined {
  return undefined;
}
