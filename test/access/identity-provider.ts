import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export type SigningKey = { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK };

/** A key pair as a provider has one; `kid` tells it from others. */
export async function makeSigningKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** A real server with the documents of an identity provider; what it says can be changed, and it can be taken away. */
export function startIdentityProvider(keys: SigningKey[]) {
  const state = {
    keys,
    /** HTTP status of every answer. */
    status: 200,
    /** Answers in place of the documents, by path. */
    instead: {} as Record<string, unknown>,
    requests: [] as string[],
  };
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request): Response {
      const { pathname } = new URL(request.url);
      state.requests.push(pathname);
      if (state.status !== 200) return new Response("away", { status: state.status, headers: { location: "/" } });
      if (pathname in state.instead) return Response.json(state.instead[pathname]);
      if (pathname.endsWith("/.well-known/openid-configuration"))
        return Response.json({ issuer: `${url}/`, jwks_uri: `${url}/keys` });
      return Response.json({ keys: state.keys.map(({ jwk }) => jwk) });
    },
  });
  const url: string = `http://127.0.0.1:${server.port}`;
  return { url, state, stop: () => server.stop(true) };
}

export type IdentityProvider = ReturnType<typeof startIdentityProvider>;

/** A token as the provider gives it out. */
export function sign(key: SigningKey, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}
