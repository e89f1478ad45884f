// Calls of the coordinator by the Connect protocol (connectrpc.com/docs/protocol), in protobuf's bytes.
import { reportAnswer, reportSilence } from "./connection";
import type { StreamMethod, UnaryMethod } from "./wire";

const END_OF_STREAM = 2;
const HEAD_BYTES = 5;

export class RpcError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

// Whether the coordinator could not be reached, so that it is worth trying again.
export function isAway(error: unknown): boolean {
  return error instanceof RpcError && (error.code === "unreachable" || error.code === "unavailable");
}

// Whether it does too much at the moment, so that it is worth trying again a few times.
export const isBusy = (error: unknown) => error instanceof RpcError && error.code === "resource_exhausted";

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export interface CallOptions {
  signal?: AbortSignal;
  token?: string;
}

async function post(path: string, body: Uint8Array, type: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { "Content-Type": type, "Connect-Protocol-Version": "1" };
  if (options.token) headers["Authorization"] = `Bearer ${options.token}`;
  try {
    const response = await fetch(path, { method: "POST", headers, body, signal: options.signal, credentials: "omit", cache: "no-store" });
    reportAnswer();
    return response;
  } catch (error) {
    throw silence(error, options);
  }
}

function silence(error: unknown, options: CallOptions): unknown {
  if (isAborted(error) || options.signal?.aborted) return error;
  reportSilence();
  return new RpcError("unreachable", "the coordinator does not answer");
}

// Of answers that are none of the protocol, such as those of a proxy or of a server with too many connections.
const CODES: Record<number, string> = { 401: "unauthenticated", 403: "permission_denied", 429: "unavailable", 502: "unavailable", 503: "unavailable", 504: "unavailable" };

async function errorOf(response: Response): Promise<RpcError> {
  const body = await response.json().catch(() => ({}));
  return new RpcError(String(body.code ?? CODES[response.status] ?? "unknown"), String(body.message ?? `HTTP ${response.status}`));
}

export async function call<Q, R>(method: UnaryMethod<Q, R>, request: Partial<Q>, options: CallOptions = {}): Promise<R> {
  const response = await post(method.path, method.request.encode(request), "application/proto", options);
  if (!response.ok) throw await errorOf(response);
  try {
    return method.response.decode(new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    throw silence(error, options);
  }
}

function envelope(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, HEAD_BYTES);
  return framed;
}

// Pieces of a body, whatever sizes they come in, as envelopes.
class Envelopes {
  private rest = new Uint8Array();

  add(piece: Uint8Array): void {
    const joined = new Uint8Array(this.rest.length + piece.length);
    joined.set(this.rest);
    joined.set(piece, this.rest.length);
    this.rest = joined;
  }

  next(): { flags: number; message: Uint8Array } | undefined {
    if (this.rest.length < HEAD_BYTES) return undefined;
    const length = new DataView(this.rest.buffer, this.rest.byteOffset).getUint32(1);
    if (this.rest.length < HEAD_BYTES + length) return undefined;
    const taken = { flags: this.rest[0]!, message: this.rest.slice(HEAD_BYTES, HEAD_BYTES + length) };
    this.rest = this.rest.slice(HEAD_BYTES + length);
    return taken;
  }
}

function checkEnd(message: Uint8Array): void {
  const end = JSON.parse(new TextDecoder().decode(message));
  if (end.error) throw new RpcError(end.error.code, end.error.message ?? end.error.code);
}

// Ends when the stream does; throws RpcError if it ends with an error or is cut off.
export async function* read<Q, R>(method: StreamMethod<Q, R>, request: Partial<Q>, options: CallOptions = {}): AsyncGenerator<R> {
  const response = await post(method.path, envelope(method.request.encode(request)), "application/connect+proto", options);
  if (!response.ok || !response.body) throw await errorOf(response);
  const reader = response.body.getReader();
  const envelopes = new Envelopes();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => Promise.reject(silence(error, options)));
      if (done) throw silence(undefined, options);
      envelopes.add(value);
      for (let next = envelopes.next(); next; next = envelopes.next()) {
        if (next.flags & END_OF_STREAM) return checkEnd(next.message);
        yield method.response.decode(next.message);
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
