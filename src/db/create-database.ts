import { AppError } from "../errors.ts";
import { explainConnectionFailure, isMissingDatabase } from "./connection-failure.ts";
import { parseConnectionUrl, withDatabase } from "./connection-url.ts";
import { connect, type PostgresOptions, waitForServer } from "./postgres.ts";

/** Every server has them; whoever may make a database may connect to one of them. */
const ALWAYS_THERE = ["postgres", "template1"];

const NOT_ALLOWED = "42501";

/** Made before, or by somebody else in this moment. */
const EXISTS = /^(?:42P04|23505)$/;

/**
 * Creates the database that a URL names unless it is there. Safe to repeat, and at the same time.
 * @returns whether it was made now
 * @throws AppError `unavailable` when the server can't be reached, `forbidden` with the SQL for an administrator when
 *   its user may not create one
 */
export async function createDatabase(url: string, options: PostgresOptions): Promise<boolean> {
  const target = parseConnectionUrl(url);
  const failure = await tryDatabase(url, options);
  if (failure === undefined) return false;
  if (!isMissingDatabase(failure)) throw explainConnectionFailure(failure, target);
  const server = await findServer(url, options);
  const statement = `create database ${quote(target.database)}`;
  const client = connect(parseConnectionUrl(server), { ...options, poolSize: 1 });
  try {
    await client.unsafe(statement).simple();
    return true;
  } catch (cause) {
    const { code = "" } = cause as { code?: string };
    if (EXISTS.test(code)) return false;
    if (code !== NOT_ALLOWED) throw explainConnectionFailure(cause, target);
    const message = `${target.user} may not create the database ${target.database} at ${target.location}; an administrator can: ${statement} owner ${quote(target.user)};`;
    throw new AppError("forbidden", message, { cause });
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** The URL of a database on the same server that is there. */
async function findServer(url: string, options: PostgresOptions): Promise<string> {
  let failure: unknown;
  for (const name of ALWAYS_THERE) {
    const candidate = withDatabase(url, name);
    failure = await tryDatabase(candidate, options);
    if (failure === undefined) return candidate;
  }
  throw explainConnectionFailure(failure, parseConnectionUrl(url));
}

/** @returns why it can't be connected to; `undefined` when it can */
async function tryDatabase(url: string, options: PostgresOptions): Promise<unknown> {
  const target = parseConnectionUrl(url);
  const client = connect(target, { ...options, poolSize: 1 });
  try {
    await waitForServer(client, target, options);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end({ timeout: 1 });
  }
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
