import { Type } from "@sinclair/typebox";
import { Count, Secret, Url } from "./setting-types.ts";

/** Where the vectors come from that searches find passages of a like meaning by. */
export const EMBEDDING_SETTINGS = {
  EMBEDDINGS_URL: Type.Optional(
    Url({
      description:
        "Base of an API in OpenAI's form that makes vectors of texts, up to the /embeddings that is added, without which search goes by words alone; it may be in this network, and all passages are sent there",
      examples: ["http://localhost:11434/v1"],
    }),
  ),
  EMBEDDINGS_MODEL: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        "Model that makes them. After a change the former one serves, at the same endpoint, until the new one has all passages",
      examples: ["nomic-embed-text"],
    }),
  ),
  EMBEDDINGS_KEY: Type.Optional(Secret({ description: "Key for EMBEDDINGS_URL, if it wants one", examples: ["sk-…"] })),
  EMBEDDINGS_BATCH: Count(1, 2_048, 32, "Passages that the endpoint is sent at a time"),
  EMBEDDINGS_PER_MINUTE: Count(
    0,
    1_000_000,
    0,
    "Requests a minute that one process makes for passages; 0 for as many as are answered. Queries are not held back",
  ),
  EMBEDDINGS_TIMEOUT_MS: Count(1_000, 600_000, 60_000, "Time that the endpoint may take over a batch of passages"),
  EMBEDDINGS_QUERY_TIMEOUT_MS: Count(
    100,
    60_000,
    2_000,
    "Time that it may take over the text of a search, which then goes by words alone",
  ),
} as const;
