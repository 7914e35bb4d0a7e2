import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { EMBEDDING_SETTINGS } from "./embedding-settings.ts";
import { MCP_SETTINGS } from "./mcp-settings.ts";
import { MESSAGE_SETTINGS } from "./message-settings.ts";
import { Count, OneOf, Secret, SystemCron, Url } from "./setting-types.ts";

export const ENVIRONMENTS = ["development", "test", "production"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/**
 * Every setting: name, meaning, bounds, default. A default may differ between environments (`byEnvironment`); what is
 * optional has none, and one that follows from the machine is marked (`ofMachine`). Sections are those of `.env.example`.
 */
export const SECTIONS = {
  Service: {
    ENVIRONMENT: OneOf(ENVIRONMENTS, {
      default: "development",
      description: "What the service is run for; other settings take their defaults from it",
    }),
    ROLE: Type.String({
      default: "api,worker,scheduler",
      pattern: "^\\s*(api|worker|scheduler)(\\s*,\\s*(api|worker|scheduler))*\\s*$",
      allowed: "roles of api, worker and scheduler, comma-separated",
      description:
        "What the process does: api answers requests, worker works crawls and other jobs, scheduler begins what is due. Anything but all of them needs DATABASE_URL",
    }),
    HOST: Type.String({
      default: "127.0.0.1",
      minLength: 1,
      description: "Address the service listens on. 0.0.0.0 opens it to the network",
    }),
    PORT: Count(0, 65_535, 3000, "Port; 0 takes any free one"),
    PUBLIC_URL: Type.Optional(
      Url({
        maxLength: 200,
        // Not more than stands in links as it is, wherever they are written.
        pattern: "^https?://(?:[\\w.-]+|\\[[\\da-fA-F:.]+\\])(?::\\d{1,5})?(?:/[\\w.~%/-]*)?$",
        allowed: "a URL that begins with http:// or https://, without user name, query and fragment",
        description:
          "Where people reach the service, with the path that a proxy puts before it: channels and feeds then link to what changed, which asks for a key where access is on",
        examples: ["https://orbweaver.example.com"],
      }),
    ),
    DOCS: OneOf(["on", "off", "protected"], {
      default: "on",
      byEnvironment: { production: "protected" },
      description: "Swagger UI and the OpenAPI document: for everybody, for nobody, or with a key where access is on",
    }),
    CORS_ORIGINS: Type.String({
      default: "http://localhost:*,http://127.0.0.1:*",
      byEnvironment: { production: "" },
      description:
        "Origins whose pages may use the API, comma-separated; * stands for any port, or alone for any origin",
      examples: ["https://app.example.com"],
    }),
    TRUSTED_PROXIES: Type.String({
      default: "",
      description:
        "Proxies in front of the service, whose word on the client's address is taken: CIDRs, comma-separated",
      examples: ["10.0.0.0/8"],
    }),
    MAX_REQUEST_BYTES: Count(1_000, 100_000_000, 1_000_000, "Largest body of a request to the API"),
    REQUEST_TIMEOUT_MS: Count(
      1_000,
      3_600_000,
      60_000,
      "Time that a request to the API may take; a scrape has its own, event streams have none",
    ),
    SHUTDOWN_DELAY_MS: Count(
      0,
      600_000,
      0,
      "Time between a stop signal and the end of listening, in which the service already says that it is not ready",
    ),
    SHUTDOWN_TIMEOUT_MS: Count(1_000, 3_600_000, 25_000, "Time within which the service has ended after a stop signal"),
  },
  Access: {
    AUTH: OneOf(["auto", "on", "off"], {
      default: "auto",
      description:
        "Whether callers need a key or a token. auto: not on loopback, and elsewhere the service starts only with a key or a provider",
    }),
    AUTH_PROVIDER: Type.Optional(
      OneOf(["supabase", "clerk", "oidc", "secret"], {
        description: "Whose bearer tokens (JWT) are taken besides API keys",
        examples: ["supabase"],
      }),
    ),
    AUTH_URL: Type.Optional(
      Url({
        description: "The provider: URL of the Supabase project, of Clerk's Frontend API, or the OpenID issuer",
        examples: ["https://abcdefgh.supabase.co"],
      }),
    ),
    AUTH_AUDIENCE: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Audience that tokens must be meant for; by provider when unset",
        examples: ["orbweaver"],
      }),
    ),
    AUTH_JWKS_URL: Type.Optional(
      Url({
        description: "Where the provider's public keys are, when not where they are expected",
        examples: ["https://login.example.com/keys"],
      }),
    ),
    AUTH_SECRET: Type.Optional(
      Secret({
        minLength: 32,
        description: "Secret of tokens signed by HS256, at least 32 characters, for AUTH_PROVIDER=secret",
        examples: ["a-long-random-text-of-32-characters-or-more"],
      }),
    ),
    AUTH_CLOCK_SKEW_MS: Count(0, 300_000, 30_000, "How far the provider's clock may be off ours"),
    RATE_LIMIT_PER_KEY: Count(0, 1_000_000, 600, "Requests a minute with one key or by one user; 0 for no limit"),
    RATE_LIMIT_PER_ADDRESS: Count(
      0,
      1_000_000,
      1_200,
      "Requests a minute from one address without a key; 0 for no limit",
    ),
    MAX_SCRAPES_PER_KEY: Count(0, 10_000, 10, "Scrapes that one key has under way at a time; 0 for no limit"),
    MAX_CRAWLS_PER_KEY: Count(0, 10_000, 20, "Unfinished crawls of one key; 0 for no limit"),
    DELETED_RETENTION_DAYS: Count(0, 3_650, 30, "Days in which a deleted user or website can be restored"),
  },
  Storage: {
    DATA_DIR: Type.String({
      default: "./data",
      minLength: 1,
      description: "Folder of the embedded database, used when DATABASE_URL is unset",
    }),
    DATABASE_URL: Type.Optional(
      Secret({
        protocols: ["postgres:", "postgresql:"],
        description: "PostgreSQL 13 or later in place of the embedded database",
        examples: ["postgres://user:password@localhost:5432/orbweaver"],
      }),
    ),
    DATABASE_SCHEMA: Type.String({
      default: "orbweaver",
      // With the queue's `_jobs` behind it, it still fits into PostgreSQL's 63 bytes.
      pattern: "^(?!pg_)[a-z_][a-z0-9_]{0,57}$",
      allowed: "a name of at most 58 lower-case letters, digits and _ that begins with neither a digit nor pg_",
      description: "Namespace of all tables, so that the service can share a database; jobs are in <name>_jobs",
    }),
    DATABASE_POOL_SIZE: Count(1, 500, 10, "Connections to PostgreSQL"),
    DATABASE_POOLER: OneOf(["none", "transaction"], {
      default: "none",
      description:
        "transaction behind PgBouncer and the like in that mode: no prepared statements, no session state, and without Redis no messages between instances, which then find out by looking",
    }),
    DATABASE_TLS: Type.Optional(
      OneOf(["disable", "prefer", "require", "verify-ca", "verify-full"], {
        description: "TLS to PostgreSQL; as the URL's sslmode says when unset",
        examples: ["verify-full"],
      }),
    ),
    DATABASE_CA_FILE: Type.Optional(
      Type.String({
        minLength: 1,
        description: "File with the certificate authority of PostgreSQL, in PEM; the system's when unset",
        examples: ["/etc/ssl/postgres-ca.pem"],
      }),
    ),
    DATABASE_WAIT_MS: Count(0, 600_000, 30_000, "Time to wait at the start for a database that does not answer yet"),
    DATABASE_READ_URL: Type.Optional(
      Secret({
        description:
          "Replicas of DATABASE_URL, comma-separated, that answer the API's lists, pages and documents, which may be a moment old then",
        examples: ["postgres://user:password@replica:5432/orbweaver"],
      }),
    ),
    DATABASE_READ_MAX_LAG_MS: Count(
      1_000,
      3_600_000,
      10_000,
      "How far a replica may be behind; one that is further is not asked",
    ),
    DATABASE_STATEMENT_TIMEOUT_MS: Count(
      0,
      3_600_000,
      60_000,
      "Time that a statement may take on a server; 0 for no limit",
    ),
    DATABASE_LOCK_TIMEOUT_MS: Count(
      0,
      3_600_000,
      10_000,
      "Time that a statement may wait for a lock on a server; 0 for no limit",
    ),
    REDIS_URL: Type.Optional(
      Secret({
        protocols: ["redis:", "rediss:"],
        description:
          "Redis for what instances tell one another and share: messages, robots.txt, DNS answers, rate limits. Without it PostgreSQL carries these, a little slower",
        examples: ["redis://localhost:6379/0"],
      }),
    ),
    REDIS_HOST: Type.Optional(
      Type.String({ minLength: 1, description: "The same in parts, when REDIS_URL is unset", examples: ["localhost"] }),
    ),
    REDIS_PORT: Count(1, 65_535, 6379, "Port of REDIS_HOST"),
    REDIS_DB: Count(0, 1_000_000, 0, "Number of the database at REDIS_HOST"),
    REDIS_USERNAME: Type.Optional(
      Type.String({ minLength: 1, description: "User at REDIS_HOST", examples: ["orbweaver"] }),
    ),
    REDIS_PASSWORD: Type.Optional(Secret({ description: "Password at REDIS_HOST", examples: ["password"] })),
    REDIS_TLS: Type.Boolean({ default: false, description: "Whether REDIS_HOST is spoken to over TLS" }),
    REDIS_CA_FILE: Type.Optional(
      Type.String({
        minLength: 1,
        description: "File with the certificate authority of Redis, in PEM; the system's when unset",
        examples: ["/etc/ssl/redis-ca.pem"],
      }),
    ),
    REDIS_KEY_PREFIX: Type.String({ default: "orbweaver:", description: "Begins the name of every key in Redis" }),
  },
  Schedules: {
    PURGE_SCHEDULE: SystemCron(
      "17 3 * * *",
      "When what is kept no longer is deleted for good, as a cron expression in UTC; off for never",
    ),
    CRAWL_LOG_RETENTION_DAYS: Count(
      0,
      36_500,
      90,
      "Days after its end in which a crawl's list of URLs is kept, besides that of a website's last one; 0 for ever",
    ),
    EVENT_RETENTION_DAYS: Count(0, 36_500, 90, "Days for which events and what was sent of them are kept; 0 for ever"),
    HEALTH_CHECK_SCHEDULE: SystemCron(
      "* * * * *",
      "When a job is sent through the queue to see that it arrives, which readiness tells; off for never",
    ),
  },
  Channels: {
    WEBHOOK_TIMEOUT_MS: Count(
      1_000,
      60_000,
      10_000,
      "Time that whoever is told of an event may take to answer: webhooks and all other channels",
    ),
    ...MESSAGE_SETTINGS,
  },
  Search: EMBEDDING_SETTINGS,
  "Model Context Protocol": MCP_SETTINGS,
  "Logs and telemetry": {
    LOG_LEVEL: OneOf(["debug", "info", "warn", "error"], {
      default: "info",
      description: "Least level of events that are logged",
    }),
    LOG_FORMAT: OneOf(["auto", "json", "text"], {
      default: "auto",
      byEnvironment: { production: "json" },
      description: "One JSON object a line, or lines for people; auto takes the latter on a terminal",
    }),
    METRICS: OneOf(["on", "off"], { default: "on", description: "Prometheus metrics at /metrics" }),
    METRICS_PORT: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description:
          "Port of their own for the metrics, where no key is asked for; else they take one that may `metrics`",
        examples: [9464],
      }),
    ),
    OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
      Url({
        description: "OpenTelemetry collector (OTLP over HTTP) for traces and metrics; none when unset",
        examples: ["http://localhost:4318"],
      }),
    ),
    OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(
      Secret({ description: "Headers for the collector: name=value, comma-separated", examples: ["x-api-key=secret"] }),
    ),
    OTEL_SERVICE_NAME: Type.String({
      default: "orbweaver",
      minLength: 1,
      description: "Name of the service in traces and metrics",
    }),
    OTEL_TRACES_SAMPLER_ARG: Type.Number({
      default: 1,
      minimum: 0,
      maximum: 1,
      description: "Share of the traces that are kept",
    }),
    LOGFIRE_TOKEN: Type.Optional(
      Secret({ description: "Write token of Pydantic Logfire, which is the collector then", examples: ["pylf_v1_…"] }),
    ),
  },
  Crawling: {
    CONTACT: Type.Optional(
      Type.String({
        pattern: "^[\\x21-\\x7e]+$",
        allowed: "a text of ASCII without spaces",
        description: "URL or e-mail address in the user agent, for the people whose sites are crawled",
        examples: ["https://example.com/bot"],
      }),
    ),
    USER_AGENT: Type.Optional(
      Type.String({
        pattern: "^[\\x20-\\x7e]+$",
        allowed: "a text of ASCII",
        description: "Whole user agent, in place of Orbweaver/<version> (+<contact>)",
        examples: ["ExampleBot/1.0"],
      }),
    ),
    ALLOW_PRIVATE_NETWORKS: Type.String({
      default: "",
      description:
        "What may be fetched beyond the public internet: CIDRs and hosts, comma-separated, or true. Whoever can reach the API can then reach these through it",
      examples: ["10.0.0.0/8,intranet.example.com"],
    }),
    MAX_BODY_BYTES: Count(1_000, 200_000_000, 10_000_000, "Largest body that is fetched, on the wire and decoded"),
    FETCH_TIMEOUT_MS: Count(100, 600_000, 30_000, "Time for a whole fetch, redirects left out"),
    PARSER_THREADS: Type.Integer({
      default: Math.max(1, navigator.hardwareConcurrency - 1),
      minimum: 1,
      maximum: 64,
      ofMachine: true,
      description: "Threads that turn pages into Markdown; one less than the machine's cores when unset",
    }),
    PARSER_MAX_PAGES: Count(
      100,
      100_000_000,
      50_000,
      "Pages after which a parser thread is replaced, so that no leak lasts; a new one needs about a second to warm up",
    ),
    PARSER_MAX_MB: Count(64, 65_536, 256, "Memory that a parser thread may keep between pages before it is replaced"),
    WORKER_SLICES: Count(1, 1_000, 64, "Hosts that one process works at a time, of all crawls; others wait in line"),
    WORKER_JOBS: Count(1, 100, 4, "Other jobs that one process runs at a time, of each queue"),
  },
} as const;

const { Service, Access, Storage, Crawling, Schedules, Channels, Search } = SECTIONS;
const { "Model Context Protocol": Mcp, "Logs and telemetry": Telemetry } = SECTIONS;

/** All settings, of all sections. */
export const Settings = Type.Object({
  ...Service,
  ...Access,
  ...Storage,
  ...Schedules,
  ...Channels,
  ...Search,
  ...Mcp,
  ...Telemetry,
  ...Crawling,
});

export type Config = Static<typeof Settings>;
export type SettingName = keyof Config;

export const SETTINGS: Record<SettingName, TSchema> = Settings.properties;
