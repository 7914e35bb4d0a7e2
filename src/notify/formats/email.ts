import { Type } from "@sinclair/typebox";
import { defineFormat } from "../format.ts";

/** Without quotes, comments and all that could end an address in a command or a header. */
const PART = '[^\\x00-\\x20\\x7f\\s<>@,;:"()\\[\\]\\\\]';
const ADDRESS = `^${PART}{1,64}@${PART}{1,253}$`;

const Target = Type.Object(
  {
    to: Type.Array(
      Type.String({ pattern: ADDRESS, description: "A plain address, without a name", examples: ["ann@example.com"] }),
      { minItems: 1, maxItems: 20, uniqueItems: true, description: "Who is told; they see one another's addresses" },
    ),
  },
  { additionalProperties: false, description: "Of e-mail" },
);

/** E-mail by the operator's server, with all that changed in HTML and plain text. */
export const email = defineFormat({
  kind: "email",
  target: Target,
  templateParts: ["subject", "text", "html"],
  check: (_, { config }) => {
    const missing = (["SMTP_URL", "SMTP_FROM"] as const).filter((name) => config[name] === undefined);
    if (missing.length === 0) return [];
    return [
      { at: "/to", message: `can't be told: this service sends no e-mail until ${missing.join(" and ")} are set` },
    ];
  },
  describe: ({ to }) => {
    const [first = "", second, ...more] = to;
    if (second === undefined) return first;
    return `${first}, ${second}${more.length > 0 ? ` and ${more.length} more` : ""}`;
  },
  send: async (context, channel, message, signal) => {
    // The client of SMTP is loaded with the first e-mail.
    const { sendMail } = await import("../mail.ts");
    return sendMail(context, channel, channel.target.to, message, signal);
  },
});
