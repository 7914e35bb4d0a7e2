import { FetchError, type FetchFailureCode } from "./fetch.ts";

type Kind = { code: FetchFailureCode; says: string; isRetryable: boolean };

const REFUSED: Kind = { code: "connect", says: "refused the connection", isRetryable: true };
const UNREACHABLE: Kind = { code: "connect", says: "can't be reached from here", isRetryable: true };
const RESET: Kind = { code: "connect", says: "closed the connection before its answer was whole", isRetryable: true };
const SILENT: Kind = { code: "timeout", says: "did not answer the connection in time", isRetryable: true };
const NOT_TLS: Kind = {
  code: "tls",
  says: "does not speak TLS, or no version of it that is still safe",
  isRetryable: false,
};

const KINDS: Record<string, Kind> = {
  ECONNREFUSED: REFUSED,
  ConnectionRefused: REFUSED,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  EACCES: UNREACHABLE,
  EPERM: UNREACHABLE,
  FailedToOpenSocket: UNREACHABLE,
  ECONNRESET: RESET,
  ECONNABORTED: RESET,
  EPIPE: RESET,
  ConnectionClosed: RESET,
  ETIMEDOUT: SILENT,
  EPROTO: NOT_TLS,
};

// OpenSSL's names for what can be wrong with a certificate, which reach us as they are.
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

/** A fault of the runtime's client, as one that names the host and can be acted on. */
export function toFetchError(error: unknown, url: URL, address: string): FetchError {
  if (error instanceof FetchError) return error;

  const name = codeOf(error);
  const peer = url.hostname === address || url.hostname === `[${address}]` ? url.host : `${url.host} (${address})`;
  const kind = KINDS[name];
  if (kind) return new FetchError(kind.code, `${peer} ${kind.says}`, { isRetryable: kind.isRetryable, cause: error });
  if (TLS_CODE.test(name)) return new FetchError("tls", `${peer} ${certificateFault(name, url)}`, { cause: error });
  return new FetchError("protocol", `${peer} did not answer in HTTP (${name})`, { cause: error });
}

/** Whether another address of the same name may do better: nothing was heard from this one. */
export function isAddressAtFault(error: FetchError): boolean {
  return error.code === "connect" || error.code === "timeout";
}

function certificateFault(name: string, url: URL): string {
  if (name === "ERR_TLS_CERT_ALTNAME_INVALID" || name === "HOSTNAME_MISMATCH") {
    return `has a certificate that is not for ${url.hostname}`;
  }
  if (name === "CERT_HAS_EXPIRED") return "has a certificate that has expired";
  if (name === "CERT_NOT_YET_VALID") return "has a certificate that is not valid yet";
  return `has a certificate that can't be trusted (${name})`;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
