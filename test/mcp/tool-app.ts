import Ajv from "ajv";
import type { Principal } from "../../src/access/principal.ts";
import { createTurnstile } from "../../src/access/turnstile.ts";
import { createUser } from "../../src/access/users.ts";
import type { App } from "../../src/app.ts";
import type { Clock } from "../../src/clock.ts";
import { systemClock } from "../../src/clock.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import type { Permission } from "../../src/db/schema/users.ts";
import type { Call } from "../../src/mcp/call.ts";
import { callTool, TOOLS, type ToolResult } from "../../src/mcp/tools/tools.ts";
import { addWebsite, type Website } from "../../src/websites/websites.ts";
import { type Answering, createWeb, type Web } from "../crawl/web.ts";
import { openTestApp } from "../testing/apps.ts";

export type ToolApp = {
  app: App;
  web: Web;
  /** Two people who have nothing to do with each other. */
  ada: Principal;
  bob: Principal;
  adas: Website;
  bobs: Website;
  /** Progress that was told by the calls so far. */
  told: { done: number; total?: number; message: string }[];
  /** A result, whose structured part its schema has been held against. */
  call(name: string, input?: Record<string, unknown>, who?: Partial<Call>): Promise<Told>;
  close(): Promise<void>;
};

export type Told = {
  isError: boolean;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what tools answer is looked at field by field
  structured: any;
};

export const toPrincipal = (userId: string, ...permissions: Permission[]): Principal => ({
  ...{ userId, keyId: null, permissions },
});

/** Tools over a store with two users, a website each, and a web of what is given. */
export async function openToolApp(
  store: Store,
  answers: Record<string, Answering> = {},
  clock: Clock = systemClock,
  settings: Partial<Config> = {},
): Promise<ToolApp> {
  const web = createWeb(answers);
  const app = openTestApp(store, { fetch: web.fetch, clock }, settings);
  const [adaId, bobId] = [
    (await createUser(store.db, { name: "Ada" })).id,
    (await createUser(store.db, { name: "Bob" })).id,
  ];
  const adas = await addWebsite(store.db, { userId: adaId, url: "https://docs.example.com/", name: "Handbook" });
  const bobs = await addWebsite(store.db, { userId: bobId, url: "https://secret.example.net/", name: "Secret" });
  const ada = toPrincipal(adaId, "read", "write");
  const bob = toPrincipal(bobId, "read", "write");
  const told: ToolApp["told"] = [];
  const scrapes = createTurnstile(app.config.MAX_SCRAPES_PER_KEY, "scrapes");
  return {
    ...{ app, web, ada, bob, adas, bobs, told },
    call: async (name, input = {}, who = {}) => {
      const call: Call = {
        principal: ada,
        signal: new AbortController().signal,
        allowedHosts: new Set(),
        enterScrape: () => scrapes.enter((who.principal ?? ada).userId),
        isWithdrawn: () => who.signal?.aborted === true,
        progress: async (progress) => void told.push(progress),
        ...who,
      };
      const result = await callTool(app, name, input, call);
      if (!result) throw new Error(`There is no tool ${name}`);
      return readResult(name, result);
    },
    close: async () => {
      await app.close();
    },
  };
}

const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
const validators = new Map(TOOLS.map(({ name, output }) => [name, ajv.compile(JSON.parse(JSON.stringify(output)))]));

/** @throws when the structured part is not as its own schema says, or an error that has one */
export function readResult(name: string, { content, structuredContent, isError }: ToolResult): Told {
  const validate = validators.get(name);
  if (!validate) throw new Error(`There is no tool ${name}`);
  if (!isError && !validate(structuredContent))
    throw new Error(`${name} does not keep to its schema: ${ajv.errorsText(validate.errors)}`);
  const text = content.map((each) => (each.type === "text" ? each.text : "")).join("\n");
  return { isError: isError === true, text, structured: structuredContent };
}
