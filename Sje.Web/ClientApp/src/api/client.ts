/** One fault of a request, at its place. */
export interface Fault {
  pointer?: string;
  /** The parameter of the address that it is about, where it is not about the body. */
  parameter?: string;
  detail: string;
  code?: string;
  line?: number;
}

/** A problem document of RFC 9457, as the server writes them. */
export interface Problem {
  type: string;
  title: string;
  detail?: string;
  status?: number;
  errors?: Fault[];
}

/** What a call throws that did not succeed. `status` is 0 where no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    /** How long the server asks to wait, in seconds. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
  }

  get isOffline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** The fault at a JSON pointer (`/schedule/cron`), for the message at a field. */
  at(pointer: string): string | undefined {
    return this.problem.errors?.find((fault) => fault.pointer === pointer)?.detail;
  }
}

/** What any failure says to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.isOffline) return "The server does not answer.";
  return error instanceof Error ? error.message : String(error);
}

export type QueryValue = string | number | boolean | Date | undefined | null | readonly string[];

export interface CallOptions {
  /** Parameters; what is undefined, null or empty is left out, a list becomes `a,b`. */
  query?: Record<string, QueryValue>;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

const listeners = new Set<(error: ApiError, method: string) => void>();

/** Tells of every refused call: the shell shows the sign-in on 401 and the missing permission on 403. */
export function onRefusal(listener: (error: ApiError, method: string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells the listeners of a refusal. */
export function refused(error: ApiError, method: string): void {
  for (const listener of listeners) listener(error, method);
}

/** `/api/v1` before paths that do not name another root of the server. */
export function addressOf(path: string, query?: Record<string, QueryValue>): string {
  const base = /^\/(api|task|tasks|health|mgmt|openapi)(\/|\?|$)/.test(path) ? path : `/api/v1${path}`;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    const text = value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.join(",") : String(value);
    if (text !== "") parameters.set(name, text);
  }
  const text = parameters.toString();
  return text ? `${base}${base.includes("?") ? "&" : "?"}${text}` : base;
}

/** Proves to the server that a page of ours sends the change: a form of another site cannot add a header. */
export const REQUEST_HEADER = "X-Sje-Request";

async function call(method: string, path: string, body: unknown, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  let content: BodyInit | undefined;
  if (typeof body === "string" || body instanceof Blob) {
    content = body;
    headers["Content-Type"] ??= "application/yaml";
  } else if (body !== undefined) {
    content = JSON.stringify(body);
    headers["Content-Type"] ??= "application/json";
  }
  if (method !== "GET") headers[REQUEST_HEADER] = "1";

  let response: Response;
  try {
    response = await fetch(addressOf(path, options.query), {
      method,
      headers,
      body: content,
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new ApiError(0, { type: "about:blank", title: "The server does not answer." });
  }
  if (response.ok) return response;

  const error = await errorOf(response);
  // A wrong key at the sign-in is the form's to say.
  const signingIn = method === "POST" && path === "/session";
  if ((error.status === 401 || error.status === 403 || error.status === 429) && !signingIn) refused(error, method);
  throw error;
}

/** The error that an answer stands for. */
export async function errorOf(response: Response): Promise<ApiError> {
  let problem: Problem = { type: "about:blank", title: response.statusText || `The server answered ${response.status}.` };
  try {
    const said = (await response.json()) as unknown;
    if (said && typeof said === "object" && "title" in said) problem = said as Problem;
  } catch {
    // Not every answer is a problem document: a proxy's is a page.
  }
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, problem, Number.isFinite(after) && after > 0 ? after : undefined);
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const type = response.headers.get("Content-Type") ?? "";
  return (type.includes("json") ? await response.json() : await response.text()) as T;
}

/**
 * Reads something. Paths are under `/api/v1` unless they begin with another root (`/health`, `/mgmt`, `/task`, `/api`).
 * @throws {ApiError}
 */
export async function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  return read<T>(await call("GET", path, undefined, options));
}

/** As `get`, with the `ETag` for a later `If-Match`. */
export async function getTagged<T>(path: string, options: CallOptions = {}): Promise<{ value: T; etag: string | undefined }> {
  const response = await call("GET", path, undefined, options);
  return { value: await read<T>(response), etag: response.headers.get("ETag") ?? undefined };
}

/**
 * Changes something: an object is sent as JSON, a string as YAML unless `headers` name another `Content-Type`.
 * @throws {ApiError}
 */
export async function send<T = void>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<T> {
  return read<T>(await call(method, path, body, options));
}

/** One page of a list by key. */
export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

/**
 * What `useInfiniteQuery` needs to read a list page by page.
 * @example
 * const list = useInfiniteQuery({ queryKey: ["executions", filter], ...pages<Execution>("/executions", { ...filter, limit: 100 }) });
 * const rows = rowsOf(list.data);
 */
export function pages<T, P extends Page<T> = Page<T>>(path: string, query: Record<string, QueryValue> = {}) {
  return {
    queryFn: ({ pageParam, signal }: { pageParam: string | undefined; signal: AbortSignal }) =>
      get<P>(path, { query: { ...query, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: P) => last.nextCursor ?? undefined,
  };
}

/** The rows of all pages read so far. */
export function rowsOf<T>(data: { pages: Page<T>[] } | undefined): T[] | undefined {
  return data?.pages.flatMap((page) => page.items);
}
