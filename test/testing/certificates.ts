import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hasOpenSsl = Bun.which("openssl") !== null;

export type Certificates = {
  /** Files in PEM: an authority, a key and a certificate of `localhost` that it signed, and an authority of others. */
  authority: string;
  key: string;
  certificate: string;
  otherAuthority: string;
  dispose(): void;
};

/** Makes certificates for a day. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-certificates-"));
  const openssl = (command: string) => {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...command.split(" ")], { cwd: folder, stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`openssl ${command}: ${stderr}`);
  };
  const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  openssl(`req -x509 ${curve} -keyout ca.key -out ca.pem -days 1 -subj /CN=authority`);
  openssl(`req -x509 ${curve} -keyout other.key -out other.pem -days 1 -subj /CN=other`);
  openssl(`req ${curve} -keyout server.key -out server.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost`);
  openssl(
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -copy_extensions copy -out server.pem",
  );
  // The server runs as somebody else.
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "server.key"), 0o644);
  return {
    authority: join(folder, "ca.pem"),
    key: join(folder, "server.key"),
    certificate: join(folder, "server.pem"),
    otherAuthority: join(folder, "other.pem"),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}
