import { Type } from "@sinclair/typebox";
import { OneOf, Secret, Url } from "./setting-types.ts";

/** How the service sends e-mail, and has changes put into plain words. */
export const MESSAGE_SETTINGS = {
  SMTP_URL: Type.Optional(
    Secret({
      protocols: ["smtp:", "smtps:"],
      description:
        "Server that takes e-mail, without which there are no channels of that kind: smtp:// (port 587 unless named), or smtps:// for TLS from the start (465)",
      examples: ["smtp://user:password@smtp.example.com:587"],
    }),
  ),
  SMTP_FROM: Type.Optional(
    Type.String({
      // RFC 5321's own limit; a display name stands before angle brackets.
      pattern: "^(?:[^<>\\r\\n]{1,100} )?<?[^\\s<>@,;]{1,64}@[^\\s<>@,;]{1,255}>?$",
      allowed: "an e-mail address, or a name and one: Orbweaver <changes@example.com>",
      description: "Sender of e-mail",
      examples: ["Orbweaver <changes@example.com>"],
    }),
  ),
  SMTP_TLS: OneOf(["auto", "require", "off"], {
    default: "auto",
    description:
      "STARTTLS with smtp://. auto: where the server offers it, and never without it when SMTP_URL has a password",
  }),
  SMTP_CA_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: "File with the certificate authority of SMTP_URL, in PEM; the system's when unset",
      examples: ["/etc/ssl/smtp-ca.pem"],
    }),
  ),
  ANTHROPIC_API_KEY: Type.Optional(
    Secret({
      description:
        "Key of Anthropic's API, whose model then tells changes in plain words for the channels that want it; what changed is sent there",
      examples: ["sk-ant-…"],
    }),
  ),
  EXPLAIN_URL: Type.Optional(
    Url({
      description:
        "Base of an API in OpenAI's form that does the same, up to the /chat/completions that is added; it may be in this network",
      examples: ["http://localhost:11434/v1"],
    }),
  ),
  EXPLAIN_KEY: Type.Optional(Secret({ description: "Key for EXPLAIN_URL, if it wants one", examples: ["sk-…"] })),
  EXPLAIN_MODEL: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Model that is asked; claude-haiku-4-5 of Anthropic's when unset",
      examples: ["claude-haiku-4-5"],
    }),
  ),
} as const;
