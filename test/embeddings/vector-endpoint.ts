/** What was asked of the endpoint. */
export type Asked = { model: string; input: string[]; key: string | null };

export type VectorEndpoint = {
  /** Base, as EMBEDDINGS_URL has it. */
  url: string;
  asked: Asked[];
  /** Answers in place of the endpoint; undefined to let it answer. */
  behave: (asked: Asked) => Response | Promise<Response> | undefined;
  /** Numbers of its vectors, by model. */
  sizeOf(model: string): number;
  reset(): void;
  stop(): Promise<void>;
};

/** An endpoint in OpenAI's form whose vectors follow from the words alone: texts that share words lie near. */
export function startVectorEndpoint(dimensions = 64): VectorEndpoint {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      if (new URL(request.url).pathname !== "/v1/embeddings") return new Response(null, { status: 404 });
      const { model, input } = (await request.json()) as { model: string; input: string[] };
      const asked = { model, input, key: request.headers.get("authorization") };
      endpoint.asked.push(asked);
      return endpoint.behave(asked) ?? answerWith(input.map((text) => vectorOf(text, endpoint.sizeOf(model))));
    },
  });
  const endpoint: VectorEndpoint = {
    url: `http://127.0.0.1:${server.port}/v1`,
    asked: [],
    behave: () => undefined,
    sizeOf: () => dimensions,
    reset: () => {
      endpoint.asked.length = 0;
      endpoint.behave = () => undefined;
      endpoint.sizeOf = () => dimensions;
    },
    stop: () => server.stop(true),
  };
  return endpoint;
}

export function answerWith(vectors: readonly unknown[]): Response {
  return Response.json({ object: "list", data: vectors.map((embedding, index) => ({ index, embedding })) });
}

/** Hashed features: each word adds to one number. */
export function vectorOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? ["empty"]) {
    const place = Number(BigInt(Bun.hash(word)) % BigInt(dimensions));
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}
