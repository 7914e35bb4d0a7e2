import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { EMBEDDING_STATES } from "../db/schema/passages.ts";
import { type EmbeddingStatus, type ModelStatus, readEmbeddingStatus } from "../embeddings/embedding-status.ts";
import { getWebsite } from "../websites/websites.ts";
import { Id, Instant, Nullable, OneOf } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";

const Count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });
const Endpoint = Nullable(
  Type.String({ description: "Host and path; null for who is no administrator", examples: ["localhost:11434/v1"] }),
);
const Name = Type.String({ description: "As it is asked for", examples: ["nomic-embed-text"] });

const StatusView = Type.Object(
  {
    configured: Nullable(
      Type.Object(
        { endpoint: Endpoint, model: Name },
        { description: "What the settings name; null where they name nothing, and search goes by words alone" },
      ),
    ),
    pgvector: Nullable(
      Type.String({ description: "Its version; null where the database lacks it", examples: ["0.8.0"] }),
    ),
    passages: Count("Passages that are indexed, of those asked about", 4_200),
    models: Type.Array(
      Type.Object({
        endpoint: Endpoint,
        model: Name,
        dimensions: Count("Numbers of a vector; 0 until the endpoint has answered", 768),
        state: OneOf(EMBEDDING_STATES, {
          description:
            "serving: searched by; building: serves once it has all passages; retired: another serves, and its vectors are deleted",
          examples: ["serving"],
        }),
        embedded: Count("Passages that have a vector of it", 4_150),
        skipped: Count("Those that the endpoint took in no length", 0),
        last_failure: Nullable(
          Type.Object(
            {
              code: Type.String({
                description: "unreachable, timeout, rate_limited, refused (see the settings) or unusable",
                examples: ["refused"],
              }),
              message: Type.String({
                description: "Empty for who is no administrator",
                examples: ["The endpoint answered 401: invalid key"],
              }),
              at: Instant("When it was"),
            },
            { description: "Why passages are not embedded at present; null once the endpoint has done its work" },
          ),
        ),
        created_at: Instant("When it was first asked for"),
      }),
      { description: "The one that serves first" },
    ),
  },
  { $id: "EmbeddingStatus", description: "How far passages have vectors" },
);

/** The vectors that searches by meaning go by. */
export const embeddingsApi = ({ store: { read }, clock, embedder }: Pick<App, "store" | "clock" | "embedder">) =>
  new Elysia({ prefix: "/embeddings", tags: ["Search"] }).use(permissions).get(
    "",
    ({ query: { website_id: id }, request }) =>
      read(async (db) => {
        const viewer = viewerOf(request);
        const websiteId = id === undefined ? undefined : (await getWebsite(db, viewer, id)).id;
        return viewStatus(await readEmbeddingStatus({ db, clock, embedder }, viewer, websiteId));
      }),
    {
      permission: "read",
      query: t.Object({ website_id: t.Optional(Id("Only this website's passages")) }),
      response: { 200: StatusView, ...problems(400, 404, 500, 503) },
      detail: {
        summary: "Read how far passages have vectors",
        description: "By which searches find what means the same in other words.",
      },
    },
  );

function viewStatus({ configured, isOperator, extension, passages, models }: EmbeddingStatus) {
  const view: Static<typeof StatusView> = {
    configured: configured && { endpoint: isOperator ? configured.endpoint : null, model: configured.model },
    pgvector: extension,
    passages,
    models: models.map((model) => viewModel(model, isOperator)),
  };
  return view;
}

function viewModel({ model, embedded, skipped }: ModelStatus, isOperator: boolean) {
  const { lastFailure } = model;
  return {
    endpoint: isOperator ? model.endpoint : null,
    model: model.model,
    dimensions: model.dimensions,
    state: model.state,
    ...{ embedded, skipped },
    last_failure: lastFailure && { ...lastFailure, message: isOperator ? lastFailure.message : "" },
    created_at: model.createdAt.toISOString(),
  };
}
