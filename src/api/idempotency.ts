import { type DocumentDecoration, Elysia } from "elysia";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import { claimAnswer } from "./idempotent-answers.ts";
import { findContext, principalOf } from "./request-context.ts";

/** What a claim outlives the longest request by: clocks of instances differ. */
const LOCK_SPARE_MS = 60_000;

type Idempotent = true | { hidden: readonly string[] };

/**
 * Lets a route be repeated safely: `idempotent: true`. A client that sends `Idempotency-Key` and asks again, after an
 * answer that was lost on the way, is given the first answer. `hidden` names what only the first to ask is shown.
 */
export const idempotency = ({ db, clock, config }: Pick<App, "db" | "clock" | "config">) =>
  new Elysia({ name: "idempotency" }).macro({
    idempotent: (option: Idempotent) => ({
      detail: { [IDEMPOTENT_FIELD]: true } as DocumentDecoration,
      beforeHandle: async ({ request, body }: { request: Request; body: unknown }) => {
        const key = readKey(request);
        const context = findContext(request);
        if (key === undefined || !context) return;
        const claimed = await claimAnswer(
          { db, clock },
          {
            userId: principalOf(request).userId,
            key,
            requestHash: digestRequest(request, body),
            hidden: option === true ? [] : option.hidden,
            lockMs: config.REQUEST_TIMEOUT_MS + LOCK_SPARE_MS,
          },
        );
        if (claimed instanceof Response) return claimed;
        context.claim = claimed;
      },
    }),
  });

/** Where a route keeps it for the OpenAPI document: a parameter here would take the place of all that the path has. */
export const IDEMPOTENT_FIELD = "x-idempotent";

/** For the API's description. */
export const IDEMPOTENCY_KEY_PARAMETER = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Made by the client for this request, such as a UUID. Repeated with the same key within 24 hours, the request is not done again: the first answer is given, with `Idempotent-Replayed: true`",
  schema: { type: "string", minLength: 1, maxLength: 255, examples: ["0195f3e0-5c1a-7000-8000-3f6c2b1d9e10"] },
};

/** With or without the quotes that the draft wants and few clients send. */
function readKey(request: Request): string | undefined {
  const header = request.headers.get("idempotency-key")?.trim();
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = "must be 1 to 255 visible ASCII characters, such as a UUID";
  throw new AppError("invalid", `Idempotency-Key ${message}`, { faults: [{ at: "Idempotency-Key", message }] });
}

function digestRequest({ method, url }: Request, body: unknown): string {
  const { pathname, search } = new URL(url);
  const asked = `${method} ${pathname}${search}\n${JSON.stringify(body)}`;
  return new Bun.CryptoHasher("sha256").update(asked).digest("hex");
}
