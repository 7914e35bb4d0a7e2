import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openPostgresStore, type PostgresOptions } from "../../src/db/postgres.ts";
import { toTlsOption } from "../../src/db/tls.ts";
import { type Certificates, hasOpenSsl, makeCertificates } from "../testing/certificates.ts";
import { hasPgBouncer, type PgBouncer, startPgBouncer } from "../testing/pgbouncer.ts";
import { canReach, POSTGRES } from "../testing/servers.ts";

const canServe = hasPgBouncer && hasOpenSsl;
if (!canServe) console.warn("Not run: TLS to a database needs pgbouncer and openssl");

describe.skipIf(!canServe)("a server that speaks TLS", () => {
  let certificates: Certificates;
  let bouncer: PgBouncer;

  beforeAll(async () => {
    certificates = makeCertificates();
    bouncer = await startPgBouncer(certificates);
  });
  afterAll(async () => {
    await bouncer?.stop();
    certificates?.dispose();
  });

  async function connect(query: string, options: PostgresOptions = {}, host = "localhost"): Promise<string> {
    const url = `postgres://postgres@${host}:${bouncer.port}/postgres${query}`;
    try {
      const store = await openPostgresStore(url, { pooler: "transaction", ...options });
      await store.close();
      return "connected";
    } catch (error) {
      return (error as Error).message;
    }
  }

  test("is believed without a look at its certificate when that was not asked for", async () => {
    expect(
      await Promise.all(["", "?sslmode=prefer", "?sslmode=require", "?sslmode=disable"].map((q) => connect(q))),
    ).toEqual(Array.from({ length: 4 }, () => "connected"));
  });

  test("is trusted by its authority, and by its name only where names are looked at", async () => {
    const caFile = certificates.authority;

    expect(await connect("", { tls: "verify-full", caFile })).toBe("connected");
    expect(await connect("", { tls: "verify-ca", caFile }, "127.0.0.1")).toBe("connected");
    expect(await connect("", { tls: "require", caFile }, "127.0.0.1")).toBe("connected");
    expect(await connect("", { tls: "verify-full", caFile }, "127.0.0.1")).toContain("is for another name");
    expect(await connect(`?sslmode=verify-full&sslrootcert=${caFile}`)).toBe("connected");
  });

  test("is refused when another authority, or none that is known, stands for it", async () => {
    const caFile = certificates.otherAuthority;

    const refusals = await Promise.all([
      connect("", { tls: "verify-full", caFile }),
      connect("", { tls: "verify-ca", caFile }),
      connect("", { tls: "require", caFile }),
      connect("?sslmode=verify-full"),
      connect("?sslrootcert=system"),
    ]);

    for (const refusal of refusals) expect(refusal).toContain("DATABASE_CA_FILE");
  });
});

test.skipIf(!(await canReach(POSTGRES)))("a server without TLS is refused at once when TLS is required", async () => {
  const opening = openPostgresStore(POSTGRES.url.href, { tls: "require", waitMs: 60_000 });

  expect(opening).rejects.toMatchObject({ message: expect.stringContaining("offers no TLS") });
  await opening.catch(() => {});
});

test("an authority's file that is not there, or is something else, is named", () => {
  expect(() => toTlsOption("verify-full", "/nowhere/ca.pem")).toThrow("/nowhere/ca.pem can't be read");
  expect(() => toTlsOption("verify-full", import.meta.path)).toThrow("holds no certificate");
});
