/**
 * The REST calls that GraphQL's fields stand for. They are made on the app itself, so that a field obeys every rule of
 * its call, whatever the app asks of a caller included.
 */

/** A message of the REST API: snake_case names, what is unset is absent. */
export type Message = Readonly<Record<string, unknown>>;

/** Serves a request within the app. */
export type Dispatch = (request: Request) => Response | Promise<Response>;

/** A refusal as GraphQL's errors show it. `status` is the call's. */
export class CallFailed extends Error {
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, message: string, headers: Headers) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** What an inner request must not take from the outer one: they describe that one's body and answer. */
const OWN_HEADERS = ["Content-Length", "Content-Encoding", "Accept-Encoding", "If-None-Match", "Transfer-Encoding"];

/** Model versions are asked for in lists of this many runs, and read in pages of this many. */
const RUNS_A_SEARCH = 100;
const VERSIONS_A_PAGE = 1000;

/** The calls one query makes; what several of its fields need is asked for once. */
export class Calls {
  readonly #outer: Request;
  readonly #dispatch: Dispatch;
  readonly #experiments = new Map<string, Promise<Message>>();
  #versions: { runIds: Set<string>; found: Promise<Map<string, Message[]>> } | undefined;

  constructor(outer: Request, dispatch: Dispatch) {
    this.#outer = outer;
    this.#dispatch = dispatch;
  }

  /** A GET with `input` as its query. Errors: CallFailed. */
  async get(path: string, input: Message): Promise<Message> {
    const url = new URL(path, this.#outer.url);
    for (const [name, value] of Object.entries(input)) {
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    return await this.#send(new Request(url, { headers: this.#headers() }));
  }

  /** A POST of `input`. Errors: CallFailed. */
  async post(path: string, input: Message): Promise<Message> {
    const headers = this.#headers();
    headers.set("Content-Type", "application/json");
    const url = new URL(path, this.#outer.url);
    return await this.#send(new Request(url, { method: "POST", headers, body: JSON.stringify(input) }));
  }

  #headers(): Headers {
    const headers = new Headers(this.#outer.headers);
    headers.delete("Content-Type");
    for (const name of OWN_HEADERS) headers.delete(name);
    return headers;
  }

  async #send(request: Request): Promise<Message> {
    const answer = await this.#dispatch(request);
    const text = await answer.text();
    let body: Message;
    try {
      body = JSON.parse(text) as Message;
    } catch {
      // Whoever stands before the routes may refuse in plain text.
      body = { message: text };
    }
    if (answer.ok) return body;
    throw new CallFailed(answer.status, String(body.message ?? ""), answer.headers);
  }

  /** The experiment of a run. */
  experiment(id: string): Promise<Message> {
    const known = this.#experiments.get(id);
    if (known) return known;
    const asked = this.get("/api/2.0/mlflow/experiments/get", { experiment_id: id }).then(
      ({ experiment }) => experiment as Message,
    );
    this.#experiments.set(id, asked);
    return asked;
  }

  /** The model versions of a run. Runs asked for in one turn, as those of a page are, share a search. */
  async modelVersionsOf(runId: string): Promise<Message[]> {
    this.#versions ??= this.#nextSearch();
    this.#versions.runIds.add(runId);
    return (await this.#versions.found).get(runId) ?? [];
  }

  #nextSearch() {
    const runIds = new Set<string>();
    const found = Promise.resolve().then(() => {
      this.#versions = undefined;
      return this.#searchVersions([...runIds]);
    });
    return { runIds, found };
  }

  async #searchVersions(runIds: readonly string[]): Promise<Map<string, Message[]>> {
    const versions: Message[] = [];
    for (let i = 0; i < runIds.length; i += RUNS_A_SEARCH) {
      const quoted = runIds.slice(i, i + RUNS_A_SEARCH).map((id) => `'${id}'`);
      const filter = quoted.length === 1 ? `run_id=${quoted[0]}` : `run_id IN (${quoted.join(",")})`;
      let page_token: string | undefined;
      do {
        const input = { filter, max_results: VERSIONS_A_PAGE, ...(page_token && { page_token }) };
        const page = await this.get("/api/2.0/mlflow/model-versions/search", input);
        versions.push(...((page.model_versions as Message[] | undefined) ?? []));
        page_token = page.next_page_token as string | undefined;
      } while (page_token);
    }
    return Map.groupBy(versions, ({ run_id }) => String(run_id));
  }
}
