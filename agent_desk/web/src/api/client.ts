/**
 * One way to speak to the engine. Whatever goes wrong becomes an `ApiError` that says in both languages what
 * happened and what to do, so that no screen has to invent a sentence.
 */
import { noteServerDate } from "../time";
import type { ApiErrorBody } from "./types";

export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the engine could not be reached at all. */
    readonly status: number,
    readonly code: string,
    readonly zh: string,
    readonly en: string,
  ) {
    super(en);
    this.name = "ApiError";
  }

  /** True when the same request may work later: nothing was wrong with it. */
  get retryable(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const UNREACHABLE = new ApiError(
  0,
  "unreachable",
  "连不上业务系统，请稍后再试；通话不受影响。",
  "The engine cannot be reached. Try again in a moment; the call goes on.",
);

const BY_STATUS: Record<number, [string, string]> = {
  401: ["登录已失效，请重新登录。", "You are signed out. Please sign in again."],
  403: ["您没有这项权限。", "You do not have the right to do this."],
  404: ["没有找到，可能已被处理。", "Not found; it may have been handled already."],
  409: ["状态已变化，此操作不再适用。", "Things have moved on; this no longer applies."],
  422: ["填写的内容有误，请检查后再提交。", "Something filled in is not valid. Please check it."],
  423: ["账号已锁定，请联系管理员。", "The account is locked. Please ask an administrator."],
  503: ["服务暂时不可用，请稍后再试。", "The service is not available just now. Try again shortly."],
};

/** Called when the engine says we are not signed in; set by the session. */
let onSignedOut: () => void = () => undefined;

export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** Turn an answer that is not 2xx into an error with sentences, whatever the body holds. */
export function errorFrom(status: number, body: unknown): ApiError {
  const error = (body as Partial<ApiErrorBody> | null)?.error;
  const [zh, en] = BY_STATUS[status] ?? [`操作没有成功（${status}）。`, `That did not work (${status}).`];
  return new ApiError(status, error?.code ?? `http_${status}`, error?.zh || zh, error?.en || en);
}

/** Any thrown thing as an ApiError. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new ApiError(-1, "unexpected", `页面出错：${words}`, `The page failed: ${words}`);
}

/** A file may take its time on a slow line. */
const FILE_MS = 300_000;

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const file = body instanceof Blob;
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": file ? "application/octet-stream" : "application/json" },
      body: body === undefined ? undefined : file ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(file ? FILE_MS : 15_000),
    });
  } catch {
    throw UNREACHABLE;
  }
  noteServerDate(response.headers.get("Date"));
  const text = await response.text();
  const json = parse(text);
  if (!response.ok) {
    if (response.status === 401 && path !== "/login") onSignedOut();
    throw errorFrom(response.status, json);
  }
  return json as T;
}

function parse(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const http = {
  get: <T>(path: string) => request<T>("GET", path),
  post: <T>(path: string, body: unknown = {}) => request<T>("POST", path, body),
  put: <T>(path: string, body: unknown) => request<T>("PUT", path, body),
  delete: (path: string) => request<null>("DELETE", path),
  patch: <T>(path: string, body: unknown) => request<T>("PATCH", path, body),
};

/** A query string of what is set; empty values are left out. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
