import { AppError } from "../errors.ts";
import type { TlsMode } from "./tls.ts";

/** A database's URL taken apart: what the driver reads itself, and what is ours to read. */
export type ConnectionUrl = {
  /** For the driver, without the parameters that are read here: it would send them to the server as settings. */
  url: string;
  /** Host, port and database, for people: never the password. */
  location: string;
  database: string;
  user: string;
  tls: TlsMode | undefined;
  caFile: string | undefined;
};

/** libpq's words for TLS, and those that other drivers write as `ssl=`. */
const TLS_MODES: Record<string, TlsMode> = {
  disable: "disable",
  false: "disable",
  // It would begin without; we begin with.
  allow: "prefer",
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
  true: "verify-full",
};

/** Settings of other clients in URLs that hosts hand out; they are none of the server's. */
const FOREIGN = ["gssencmode", "keepalives", "keepalives_idle", "connect_timeout", "pgbouncer", "connection_limit"];

/**
 * Reads a `postgres://` URL.
 * @throws AppError `invalid` when a parameter asks for what can't be kept
 */
export function parseConnectionUrl(text: string): ConnectionUrl {
  const [base = "", query = ""] = splitOnce(text, "?");
  const parameters = new URLSearchParams(query);
  const taken = (name: string) => {
    const value = parameters.get(name) ?? undefined;
    parameters.delete(name);
    return value;
  };
  const [ssl, sslMode, caFile] = [taken("ssl"), taken("sslmode"), taken("sslrootcert")];
  const mode = sslMode ?? ssl;
  if (mode !== undefined && !Object.hasOwn(TLS_MODES, mode)) {
    throw new AppError("invalid", `DATABASE_URL: sslmode is none of ${Object.keys(TLS_MODES).join(", ")}`);
  }
  if (taken("channel_binding") === "require") {
    throw new AppError(
      "invalid",
      "DATABASE_URL: channel_binding=require can't be kept; leave it out and use DATABASE_TLS=verify-full, which lets nobody in between either",
    );
  }
  for (const name of FOREIGN) parameters.delete(name);
  const authority = base.slice(base.indexOf("://") + 3);
  const location = authority.slice(authority.lastIndexOf("@") + 1);
  const user = authority.includes("@") ? authority.slice(0, authority.lastIndexOf("@")).split(":")[0] : "";
  return {
    url: parameters.size > 0 ? `${base}?${parameters}` : base,
    location,
    database: decodeURIComponent(splitOnce(location, "/")[1] || user || ""),
    user: decodeURIComponent(user ?? ""),
    // libpq takes it for granted that who trusts the system's authorities looks at names too.
    tls: mode === undefined ? (caFile === "system" ? "verify-full" : undefined) : TLS_MODES[mode],
    caFile,
  };
}

/** The same server's URL with another database. */
export function withDatabase(text: string, database: string): string {
  const [base = "", query] = splitOnce(text, "?");
  const start = base.indexOf("://") + 3;
  const slash = base.indexOf("/", start);
  const server = slash === -1 ? base : base.slice(0, slash);
  return `${server}/${encodeURIComponent(database)}${query === undefined ? "" : `?${query}`}`;
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
