import type { Embedder } from "../embeddings/embedder.ts";
import { EmbeddingError } from "../embeddings/embedding-answer.ts";
import { type Diagnosis, type Examination, fail, pass, skip, warn } from "./diagnosis.ts";

/** A model that is not in memory yet is loaded by the first that asks. */
const TIMEOUT_MS = 30_000;

/** Whether what makes vectors does so. A search goes by words alone without it, but nobody may notice. */
export const embeddingExamination = (embedder: Embedder | undefined): Examination => ({
  name: "embeddings",
  timeoutMs: TIMEOUT_MS,
  examine: async (signal) => {
    if (!embedder) return skip("No endpoint is set that makes vectors (EMBEDDINGS_URL): search goes by words alone");
    const { endpoint, model } = embedder;
    const startedAt = performance.now();
    try {
      const [vector] = await embedder.embed(["Example"], { signal });
      const tookMs = Math.round(performance.now() - startedAt);
      return pass(`${model} at ${endpoint} makes vectors of ${vector?.length ?? 0} numbers, one in ${tookMs} ms`);
    } catch (error) {
      if (!(error instanceof EmbeddingError)) throw error;
      return judge(error, `${model} at ${endpoint} makes no vectors: ${error.message}`);
    }
  },
});

function judge({ code }: EmbeddingError, finding: string): Diagnosis {
  switch (code) {
    case "refused":
    case "unfit":
      return fail(finding, "See EMBEDDINGS_URL, EMBEDDINGS_MODEL and EMBEDDINGS_KEY; search goes by words meanwhile");
    case "unusable":
      return fail(finding, "See that EMBEDDINGS_URL is the base of an API in OpenAI's form, without /embeddings");
    default:
      return warn(finding, "See that it runs and is reached from here; search goes by words meanwhile");
  }
}
