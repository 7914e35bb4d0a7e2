import { readFileSync } from "node:fs";
import { AppError } from "../errors.ts";

/** libpq's `sslmode`, but for `allow`, which protects from nobody. */
export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** What the driver takes: a word of its own, or what `tls.connect` takes. */
export type TlsOption = false | "prefer" | "require" | { ca?: string; checkServerIdentity?: () => undefined };

/** Authorities are the system's. */
const SYSTEM = "system";

/**
 * The driver's TLS option for a mode, as libpq means it (PostgreSQL documentation, "SSL Mode Descriptions"): `prefer`
 * and `require` believe any server, but for `require` with an authority, which checks as `verify-ca` does.
 * @param caFile the authority's certificate in PEM, or `system` as by default
 * @throws AppError `invalid` when the file can't be read or holds no certificate
 */
export function toTlsOption(mode: TlsMode, caFile: string | undefined): TlsOption {
  const authority = caFile === undefined || caFile === SYSTEM ? {} : { ca: readAuthority(caFile) };
  switch (mode) {
    case "disable":
      return false;
    case "prefer":
      return "prefer";
    case "require":
      return "ca" in authority ? checkingAuthority(authority) : "require";
    case "verify-ca":
      return checkingAuthority(authority);
    case "verify-full":
      return authority;
  }
}

/** A certificate of the authority will do, whatever name is on it. */
function checkingAuthority(authority: { ca?: string }): TlsOption {
  return { ...authority, checkServerIdentity: () => undefined };
}

function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new AppError("invalid", `DATABASE_CA_FILE: ${file} can't be read: ${(cause as Error).message}`, { cause });
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AppError("invalid", `DATABASE_CA_FILE: ${file} holds no certificate in PEM`);
}
