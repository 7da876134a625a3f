/**
 * @param hosts Hosts that the gateway serves; `*` stands for any and can't be in a certificate.
 * @param url URL of the gateway, where it is known beforehand.
 * @returns what a certificate of the gateway is for. `localhost` is where a port is forwarded to.
 */
export function certificateHosts(hosts: readonly string[], url: string | undefined): string[] {
  const named = hosts.filter((host) => host !== "*");
  const address = url === undefined ? [] : [new URL(url).hostname];
  return [...new Set([...named, ...address, "localhost", "127.0.0.1"])];
}

/** @returns the port at which HTTPS is reached from outside. */
export function httpsPort(url: string | undefined): number {
  return Number((url && new URL(url).port) || 443);
}
