import { generateKeyPairSync, sign } from "node:crypto";

/** Who signs tokens. */
export interface TokenIssuer {
  /** Claim `iss`. */
  issuer: string;
  /** The public key, as a JSON Web Key Set. */
  jwks: { keys: object[] };
  /**
   * @returns a signed token of {@link issuer} for audience `vault`, valid for an hour, with other claims in place of
   * these.
   */
  token(claims?: Record<string, unknown>): string;
}

/** @returns an issuer with a key pair of its own. */
export function tokenIssuer(issuer: string): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = "test";
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    issuer,
    jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" }] },
    token(claims = {}) {
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const body = { iss: issuer, sub: "alice", aud: "vault", exp, ...claims };
      const signed = `${encoded({ alg: "RS256", kid, typ: "JWT" })}.${encoded(body)}`;
      return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
    },
  };
}
