import { readFileSync } from "node:fs";
import SMTPConnection, { type SMTPConnectionOptions } from "nodemailer/lib/smtp-connection";
import type { Config } from "../config/settings.ts";

export type SmtpServer = {
  host: string;
  port: number;
  /** TLS from the start. */
  isSecure: boolean;
  user: string;
  password: string;
  tls: Config["SMTP_TLS"];
  caFile: string | undefined;
};

/** What the server said. */
export type SmtpAnswer = { status: number | undefined; text: string; accepted: string[]; rejected: string[] };

/** Why a message was not taken. `isPermanent` when the server will not have it, however often it is asked. */
export class SmtpError extends Error {
  readonly status: number | undefined;
  readonly isPermanent: boolean;

  constructor(message: string, { status, isPermanent }: { status?: number | undefined; isPermanent: boolean }) {
    super(message);
    this.name = "SmtpError";
    this.status = status;
    this.isPermanent = isPermanent;
  }
}

/** What the settings say of it; `undefined` where e-mail is not set up. */
export function findSmtpServer({ SMTP_URL, SMTP_TLS, SMTP_CA_FILE }: Config): SmtpServer | undefined {
  const url = SMTP_URL === undefined ? null : URL.parse(SMTP_URL);
  if (!url) return undefined;
  const isSecure = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isSecure ? 465 : 587) : Number(url.port),
    isSecure,
    user: decode(url.username),
    password: decode(url.password),
    tls: SMTP_TLS,
    caFile: SMTP_CA_FILE,
  };
}

/** A lone % is a slip that is taken as it was meant. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type Envelope = { from: string; to: string[] };

/** One message over a connection of its own, which an aborted signal ends at once. @throws SmtpError */
export async function sendOverSmtp(
  server: SmtpServer,
  envelope: Envelope,
  message: Buffer,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<SmtpAnswer> {
  const connection = new SMTPConnection(optionsOf(server, timeoutMs));
  const failure = Promise.withResolvers<never>();
  // What comes after the end, or between two steps, is nobody's error.
  failure.promise.catch(() => {});
  const cutOff = () => failure.reject(new SmtpError(`${server.host} took too long`, { isPermanent: false }));
  connection.on("error", (error) => failure.reject(toSmtpError(error, server)));
  connection.on("end", () =>
    failure.reject(new SmtpError(`${server.host} closed the connection`, { isPermanent: false })),
  );
  signal.addEventListener("abort", cutOff);
  if (signal.aborted) cutOff();
  try {
    return await Promise.race([failure.promise, converse(connection, server, envelope, message)]);
  } finally {
    signal.removeEventListener("abort", cutOff);
    connection.close();
  }
}

async function converse(
  connection: SMTPConnection,
  server: SmtpServer,
  envelope: Envelope,
  message: Buffer,
): Promise<SmtpAnswer> {
  const step = <T>(begin: (done: (error: Error | null | undefined, result?: T) => void) => void) =>
    new Promise<T | undefined>((resolve, reject) => {
      begin((error, result) => (error ? reject(toSmtpError(error, server)) : resolve(result)));
    });
  await step((done) => connection.connect(done));
  const { user, password } = server;
  if (user !== "" || password !== "") await step((done) => connection.login({ user, pass: password }, done));
  const info = await step<SentInfo>((done) => connection.send(envelope, message, done as never));
  connection.quit();
  const text = info?.response ?? "";
  return { text, status: readStatus(text), accepted: info?.accepted ?? [], rejected: info?.rejected ?? [] };
}

type SentInfo = { response?: string; accepted?: string[]; rejected?: string[] };

function optionsOf(server: SmtpServer, timeoutMs: number): SMTPConnectionOptions {
  const { host, port, isSecure, password, tls, caFile } = server;
  return {
    ...{ host, port, secure: isSecure },
    requireTLS: !isSecure && (tls === "require" || (tls === "auto" && password !== "")),
    ignoreTLS: tls === "off",
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketCloseTimeout: 0,
    maxResponseSize: 65_536,
    tls: {
      minVersion: "TLSv1.2",
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
    },
  };
}

/** An answer of 5xx to the message or all its recipients is final; one to who we are is the operator's to mend. */
function toSmtpError(error: Error, { host, port, user, password }: SmtpServer): SmtpError {
  if (error instanceof SmtpError) return error;
  const { code, responseCode: status } = error as { code?: string; responseCode?: number };
  const isAboutMessage = code === "EENVELOPE" || code === "EMESSAGE";
  const isPermanent = isAboutMessage && status !== undefined && status >= 500 && status !== 530;
  let text = error.message;
  for (const secret of [password, user]) if (secret.length > 3) text = text.replaceAll(secret, "…");
  return new SmtpError(`${host}:${port}: ${text}`.slice(0, 500), { status, isPermanent });
}

function readStatus(text: string): number | undefined {
  const [, digits] = /^(\d{3})\b/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
