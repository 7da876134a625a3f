import { parseImage } from "../../components/imageReference";

/** What an image reference leaves out means Docker Hub, whose API has another name than its images. */
const dockerHub = "registry-1.docker.io";
const dockerHubNames = ["docker.io", "index.docker.io"];

/** How long an answer may take, in milliseconds. */
const answerMs = 20_000;

/** A challenge of a registry: where it has tokens, and for what. */
interface Challenge {
  realm: string;
  service?: string;
  scope?: string;
}

/** A request to a repository. */
export interface RepositoryRequest {
  method?: "HEAD" | "GET";
  /** Media types that are wanted, the best first. */
  accept?: readonly string[];
}

/**
 * The repository of one image, in a registry that has the API of the OCI Distribution Specification. It logs in to
 * nothing: the registry has to show the image to everyone.
 */
export class ImageRepository {
  /** Where its API is: `https://HOST/v2/PATH/`. */
  readonly url: string;
  /** Path of the image in the registry. */
  readonly path: string;
  /** Tag of the reference. */
  readonly tag: string;
  /** Host of the registry, with its port if it has one. */
  readonly host: string;
  /** Whether the registry is on this machine. */
  readonly isLocal: boolean;
  private token?: string;

  /**
   * @param reference Image with a tag.
   * @param notForEveryone What to do where the registry shows the image only to those who log in.
   * @throws Error if the reference has no tag.
   */
  constructor(
    readonly reference: string,
    private readonly notForEveryone: string,
  ) {
    const image = parseImage(reference);
    if (image?.tag === undefined) {
      throw new Error(`${reference}: a reference with a tag is needed, such as busybox:1.37.0`);
    }
    const { registry, repository, tag } = image;
    const onHub = registry === undefined || dockerHubNames.includes(registry);
    this.tag = tag;
    this.host = onHub ? dockerHub : registry;
    this.path = onHub && !repository.includes("/") ? `library/${repository}` : repository;
    // A registry on this machine has no certificate; container tools ask it in plain text, too.
    this.isLocal = /^(localhost|127(\.\d+){3})(:\d+)?$/.test(this.host);
    this.url = `${this.isLocal ? "http" : "https"}://${this.host}/v2/${this.path}/`;
  }

  /**
   * Sends one request, with the token that everyone gets if the registry asks for one.
   * @param target What is asked for, below {@link url}, for example `manifests/1.0`, or a whole URL of the same
   * registry.
   * @throws Error naming image, cause and fix.
   */
  async ask(target: string, { method = "GET", accept = [] }: RepositoryRequest = {}): Promise<Response> {
    const url = new URL(target, this.url);
    if (url.origin !== new URL(this.url).origin) {
      throw new Error(`${this.reference}: ${this.host} leads to ${url.origin}, which is another server`);
    }
    const send = () => {
      const headers = {
        ...(accept.length > 0 && { accept: accept.join(", ") }),
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
      };
      return this.send(url, { method, headers });
    };
    let answer = await send();
    if (answer.status === 401 && this.token === undefined) {
      this.token = await this.askForToken(challengeOf(answer.headers.get("www-authenticate") ?? ""));
      answer = await send();
    }
    this.refuse(this.host, answer);
    return answer;
  }

  /**
   * @returns where the registry gives the token that it asks for.
   * @throws Error if it names no such place, or one where others could read the token.
   */
  tokenPlace(challenge: Challenge | undefined): URL {
    if (challenge === undefined || !URL.canParse(challenge.realm)) {
      throw new Error(
        `${this.reference}: its registry asks for a login, and names no place that gives tokens to everyone`,
      );
    }
    const url = new URL(challenge.realm);
    if (url.protocol !== "https:" && !this.isLocal) {
      throw new Error(`${this.reference}: its registry has tokens at ${challenge.realm}, which is not https`);
    }
    url.searchParams.set("scope", challenge.scope ?? `repository:${this.path}:pull`);
    if (challenge.service) {
      url.searchParams.set("service", challenge.service);
    }
    return url;
  }

  private async askForToken(challenge: Challenge | undefined): Promise<string> {
    const url = this.tokenPlace(challenge);
    const answer = await this.send(url, {});
    this.refuse(url.host, answer);
    const { token, access_token: accessToken } = (await answer.json()) as { token?: unknown; access_token?: unknown };
    const given = token ?? accessToken;
    if (typeof given !== "string") {
      throw new Error(`${this.reference}: ${url.host} answers without a token`);
    }
    return given;
  }

  private async send(url: URL, request: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { ...request, signal: AbortSignal.timeout(answerMs) });
    } catch (error) {
      throw new Error(`${this.reference}: no answer of ${url.host} (${whyNoAnswer(error)}); is it reached from here?`, {
        cause: error,
      });
    }
  }

  /** @throws Error if an answer is none that was hoped for. */
  private refuse(host: string, { ok, status }: Response): void {
    if (ok) {
      return;
    }
    const fix: Record<number, string> = {
      401: `the image is not for everyone; ${this.notForEveryone}`,
      403: `the image is not for everyone; ${this.notForEveryone}`,
      404: "there is no such image; correct it in components/versions.ts",
      429: "too many requests; try again later",
    };
    throw new Error(`${this.reference}: ${host} answers ${status}: ${fix[status] ?? "try again later"}`);
  }
}

/** @returns the challenge in a header `WWW-Authenticate`; undefined if it is none that asks for a token. */
export function challengeOf(header: string): Challenge | undefined {
  const [, parameters] = /^bearer\s+(.*)$/i.exec(header) ?? [];
  const found = Object.fromEntries(
    [...(parameters ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  );
  const { realm, service, scope } = found;
  return realm === undefined ? undefined : { realm, ...(service && { service }), ...(scope && { scope }) };
}

/** @returns why `fetch` got no answer: the code of the system's error, where there is one. Pure. */
function whyNoAnswer(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
}
