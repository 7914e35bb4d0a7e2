import { AppError } from "../errors.ts";
import type { ConnectionUrl } from "./connection-url.ts";

type Failure = { code?: string; message?: string };

/** A pooler has one code for all that it refuses. */
const POOLER_REFUSES =
  /unsupported startup parameter|no such (?:database|user)|"[^"]*" does not exist|authentication failed|not allowed/i;

/** Of the system, the driver, and SQLSTATE: a server that is away, starting, shutting down or full. */
const AWAY =
  /^(?:E(?:CONN\w+|PIPE|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|NETUNREACH|HOSTDOWN)|CONNECTION_\w+|CONNECT_TIMEOUT|08\w{3}|57P0\d|53\w{3})$/;

/**
 * Of SQLSTATE: a server so busy that a statement or a transaction ran out of time or was given up for another's sake, or
 * a disk that failed.
 */
const BUSY = /^(?:57014|55P03|25P03|40001|40P01|58030)$/;

/** Whether a statement failed for the database's sake and not for its own: asked later, it may well be answered. */
export function isOutage(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as Failure;
    if (typeof code === "string" && (AWAY.test(code) || BUSY.test(code))) return true;
  }
  return false;
}

/** Whether the same attempt to connect may succeed a little later. */
export function isWorthWaiting(error: unknown): boolean {
  const { code = "", message = "" } = error as Failure;
  return AWAY.test(code) && !POOLER_REFUSES.test(message);
}

/** Whether the server is there and the database is not. */
export function isMissingDatabase(error: unknown): boolean {
  const { code, message = "" } = error as Failure;
  return code === "3D000" || /^no such database|^database "[^"]*" does not exist/.test(message);
}

/** Why the database can't be used, and what mends it. */
export function explainConnectionFailure(error: unknown, at: ConnectionUrl): AppError {
  const { code = "", message = "" } = error as Failure;
  const mend = isMissingDatabase(error)
    ? `orbweaver db init creates the database ${at.database}`
    : findMend(code, message, at);
  const text = `The database at ${at.location} can't be used: ${message || code}${mend ? `; ${mend}` : ""}`;
  return new AppError("unavailable", text, { cause: error });
}

function findMend(code: string, message: string, { user }: ConnectionUrl): string | undefined {
  if (/^28/.test(code) || /authentication failed|no such user/.test(message))
    return `see that DATABASE_URL has the right password${user ? ` of ${user}` : ""}`;
  if (/unsupported startup parameter/.test(message)) return "it is a pooler's: set DATABASE_POOLER=transaction";
  if (code === "TLS_REFUSED") return "it offers no TLS: turn TLS on there, or set DATABASE_TLS=prefer";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "its certificate is for another name: use that in DATABASE_URL, or DATABASE_TLS=verify-ca";
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return "its certificate is not trusted: name its authority's file in DATABASE_CA_FILE";
  if (AWAY.test(code)) return "see that its server runs and can be reached from here";
  return undefined;
}

const [FIRST_DELAY_MS, MAX_DELAY_MS] = [100, 2_000];

/** Before the next attempt to connect: doubled with each, and not the same for all who wait. @param attempt from 0 */
export function reconnectDelayMs(attempt: number, random = Math.random()): number {
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.5 + random / 2);
}
