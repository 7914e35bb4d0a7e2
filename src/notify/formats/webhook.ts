import { Type } from "@sinclair/typebox";
import { defineFormat } from "../format.ts";

const Target = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: "Where to POST to",
      examples: ["https://hooks.example.com/orbweaver"],
    }),
  },
  { additionalProperties: false, description: "Of a webhook" },
);

/** A signed request for each event, by the Standard Webhooks specification (standardwebhooks.com). */
export const webhook = defineFormat({
  kind: "webhook",
  target: Target,
  describe: ({ url }) => new URL(url).origin,
  send: async () => ({ request: {}, isDelivered: false, error: "It is not made yet" }),
});
