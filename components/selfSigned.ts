import { createECDH, createHash, createHmac, createPrivateKey, createPublicKey } from "node:crypto";
import { isIPv4 } from "node:net";

/** A certificate and its key, both PEM. */
export interface KeyPair {
  certificate: string;
  privateKey: string;
}

/** Order of the curve P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** From when until when a certificate is valid, as X.509 writes times: `YYYYMMDDHHMMSSZ`. */
export interface Validity {
  from: string;
  until: string;
}

/** The times of RFC 5280 for a certificate that is never renewed by itself: a new one comes with new hosts or a new seed. */
const untilRenewed: Validity = { from: "20250101000000Z", until: "99991231235959Z" };

/**
 * Makes a self-signed certificate for a server. The same seed and hosts give the same bytes, so that a run which changes nothing
 * changes no Secret: key and signature come from the seed, not from chance.
 * @param seed At least 32 random bytes, which are as secret as the key.
 * @param hosts DNS names, which may start with `*.`, and IPv4 addresses.
 * @param validity Default: from 2025 on without end.
 */
export function selfSigned(seed: Buffer, hosts: readonly string[], validity = untilRenewed): KeyPair {
  if (seed.length < 32 || hosts.length === 0) {
    throw new Error("a self-signed certificate takes 32 bytes of seed and at least one host");
  }
  const secret = (toNumber(createHmac("sha512", seed).update("key").digest()) % (order - 1n)) + 1n;
  const point = publicPoint(secret);
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  const key = createPrivateKey({ format: "jwk", key: { ...jwk, d: toBytes(secret).toString("base64url") } });
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });

  const toBeSigned = toSign(publicKey, hosts, validity);
  const certificate = sequence(toBeSigned, signatureAlgorithm, bitString(sign(toBeSigned, secret)));
  return {
    certificate: pem("CERTIFICATE", certificate),
    privateKey: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** The part of an X.509 certificate that is signed. */
function toSign(publicKey: Buffer, hosts: readonly string[], validity: Validity): Buffer {
  const serial = createHash("sha256").update(publicKey).update(hosts.join(",")).digest().subarray(0, 16);
  const name = sequence(
    attribute("2.5.4.10", "sidecar-mesh, self-signed"),
    // A common name has 64 characters at most; clients look at the alternative names anyway.
    attribute("2.5.4.3", hosts[0]!.slice(0, 64)),
  );
  const extensions = [
    extension("2.5.29.19", sequence(), true), // basic constraints: no authority
    extension("2.5.29.15", tagged(0x03, Buffer.from([7, 0x80])), true), // key usage: digital signature
    extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1"))), // extended: server
    extension("2.5.29.17", sequence(...hosts.map(alternativeName))),
  ];
  return sequence(
    tagged(0xa0, integer(2n)), // version 3
    integer(toNumber(serial)),
    signatureAlgorithm,
    name,
    sequence(tagged(0x18, Buffer.from(validity.from)), tagged(0x18, Buffer.from(validity.until))),
    name,
    publicKey,
    tagged(0xa3, sequence(...extensions)),
  );
}

/** ECDSA over SHA-256. The one-time number comes from key and message, as RFC 6979 has it, for it must never be used twice. */
function sign(message: Buffer, secret: bigint): Buffer {
  const hash = createHash("sha256").update(message).digest();
  for (let attempt = 0; ; attempt++) {
    const mac = createHmac("sha512", toBytes(secret))
      .update(hash)
      .update(Buffer.from([attempt]))
      .digest();
    const once = (toNumber(mac) % (order - 1n)) + 1n;
    const r = toNumber(publicPoint(once).subarray(1, 33)) % order;
    const s = (inverse(once) * ((toNumber(hash) + r * secret) % order)) % order;
    if (r !== 0n && s !== 0n) {
      return sequence(integer(r), integer(s));
    }
  }
}

/** @returns the point of the curve that belongs to a secret number, not compressed. */
function publicPoint(secret: bigint): Buffer {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(toBytes(secret));
  return curve.getPublicKey();
}

/** @returns the inverse modulo the curve's order, by Euclid's algorithm. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [value, order, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % order) + order) % order;
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

/** DER: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 0x100), length % 0x100];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  // A first bit of 1 would make it negative.
  return tagged(0x02, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function bitString(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (value: number): number[] => {
    const digits = [value % 128];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left % 128) + 128);
    }
    return digits;
  };
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function attribute(type: string, value: string): Buffer {
  return tagged(0x31, sequence(objectId(type), tagged(0x0c, Buffer.from(value))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...flag, tagged(0x04, value));
}

function alternativeName(host: string): Buffer {
  return isIPv4(host) ? tagged(0x87, Buffer.from(host.split(".").map(Number))) : tagged(0x82, Buffer.from(host));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

const signatureAlgorithm = sequence(objectId("1.2.840.10045.4.3.2"));
