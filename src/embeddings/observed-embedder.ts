import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Embedder } from "./embedder.ts";
import { EmbeddingError } from "./embedding-answer.ts";

/** Tells of every request how long it took and what came of it; those that were not made, while it rests, as well. */
export function observeEmbedder(embedder: Embedder, telemetry: Telemetry): Embedder {
  if (!telemetry.recorder) return embedder;
  return {
    ...embedder,
    embed: async (texts, options) => {
      const startedAt = performance.now();
      const tell = (outcome: string) => {
        const labels = { purpose: options?.purpose ?? "passages", outcome };
        telemetry.observe("orbweaver.embeddings.duration", labels, (performance.now() - startedAt) / 1_000);
      };
      try {
        const vectors = await embedder.embed(texts, options);
        tell("done");
        return vectors;
      } catch (error) {
        tell(error instanceof EmbeddingError ? error.code : "cancelled");
        throw error;
      }
    },
  };
}
