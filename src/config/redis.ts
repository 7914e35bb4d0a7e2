import type { Config } from "./settings.ts";

/** A Redis server, in the terms of ioredis but for the file of its certificate authority. */
export type RedisServer = {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  tls?: { servername?: string; caFile?: string };
};

type RedisSettings = Pick<
  Config,
  | "REDIS_URL"
  | "REDIS_HOST"
  | "REDIS_PORT"
  | "REDIS_DB"
  | "REDIS_USERNAME"
  | "REDIS_PASSWORD"
  | "REDIS_TLS"
  | "REDIS_CA_FILE"
>;

/** The server that the settings name, by URL or in parts; `undefined` for none. */
export function redisOf(settings: RedisSettings): RedisServer | undefined {
  const { REDIS_URL, REDIS_HOST, REDIS_CA_FILE: caFile } = settings;
  if (REDIS_URL) return redisAt(REDIS_URL, caFile);
  if (!REDIS_HOST) return undefined;
  const { REDIS_PORT: port, REDIS_DB: db, REDIS_USERNAME, REDIS_PASSWORD, REDIS_TLS } = settings;
  const host = REDIS_HOST.replace(/^\[|\]$/g, "");
  return withoutUndefined({
    ...{ host, port, db, username: REDIS_USERNAME, password: REDIS_PASSWORD },
    tls: REDIS_TLS ? tlsTo(host, caFile) : undefined,
  });
}

/** The server of a `redis://` or `rediss://` URL. Its path is the number of a database. */
export function redisAt(text: string, caFile?: string): RedisServer {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return withoutUndefined({
    host,
    port: url.port === "" ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1) || 0),
    username: decode(url.username) || undefined,
    password: decode(url.password) || undefined,
    tls: url.protocol === "rediss:" ? tlsTo(host, caFile) : undefined,
  });
}

/** Managed servers share addresses and tell names apart by SNI, which has no place for an address (RFC 6066 §3). */
function tlsTo(host: string, caFile: string | undefined): NonNullable<RedisServer["tls"]> {
  const isAddress = host.includes(":") || /^[\d.]+$/.test(host);
  return withoutUndefined({ servername: isAddress ? undefined : host, caFile });
}

/** A percent sign that begins no escape stands for itself: passwords are often pasted as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
