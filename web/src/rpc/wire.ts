// Protobuf's wire format, driven by tables that tools/generate_api.py makes from the .proto files. Only what the API has:
// no groups, no maps, no fixed-width integers.

type Kind = "double" | "float" | "int32" | "uint32" | "int64" | "uint64" | "bool" | "string" | "bytes" | "enum" | "message";

interface Field {
  no: number;
  name: string;
  kind: Kind;
  type?: MessageType<any>;
  values?: Record<number, string>;
  repeated?: boolean;
  optional?: boolean;
}

export interface MessageType<T> {
  decode(bytes: Uint8Array): T;
  encode(message: Partial<T>): Uint8Array;
}

export interface Method<Request, Response> {
  path: string;
  streams: boolean;
  request: MessageType<Request>;
  response: MessageType<Response>;
}

export type UnaryMethod<Q, R> = Method<Q, R> & { streams: false };
export type StreamMethod<Q, R> = Method<Q, R> & { streams: true };

export function unary<Q, R>(path: string, request: MessageType<Q>, response: MessageType<R>): UnaryMethod<Q, R> {
  return { path, streams: false, request, response };
}

export function stream<Q, R>(path: string, request: MessageType<Q>, response: MessageType<R>): StreamMethod<Q, R> {
  return { path, streams: true, request, response };
}

const enum Wire {
  Varint = 0,
  Bits64 = 1,
  Bytes = 2,
  Bits32 = 5,
}

const WIRE: Record<Kind, Wire> = {
  double: Wire.Bits64, float: Wire.Bits32, int32: Wire.Varint, uint32: Wire.Varint, int64: Wire.Varint, uint64: Wire.Varint,
  bool: Wire.Varint, enum: Wire.Varint, string: Wire.Bytes, bytes: Wire.Bytes, message: Wire.Bytes,
};

const utf8 = new TextDecoder();
const toUtf8 = new TextEncoder();

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  private byteAt(place: number): number {
    const byte = this.bytes[place];
    if (byte === undefined) throw new Error("a message is cut off");
    return byte;
  }

  // Numbers of up to 49 bits, which almost all are, need no bigint.
  varint(): number | bigint {
    let value = 0;
    for (let i = 0, scale = 1; i < 7; ++i, scale *= 128) {
      const byte = this.byteAt(this.at + i);
      value += (byte & 127) * scale;
      if (byte < 128) {
        this.at += i + 1;
        return value;
      }
    }
    let large = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byteAt(this.at++);
      large |= BigInt(byte & 127) << shift;
      if (byte < 128) return large;
    }
  }

  size(): number {
    return Number(this.varint());
  }

  chunk(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new Error("a message is cut off");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  scalar(field: Field): unknown {
    switch (field.kind) {
      case "double": return this.view.getFloat64((this.at += 8) - 8, true);
      case "float": return this.view.getFloat32((this.at += 4) - 4, true);
      case "bool": return this.varint() !== 0;
      case "uint32": return Number(this.varint());
      case "uint64": return BigInt(this.varint());
      case "int32":
      case "int64": return Number(BigInt.asIntN(64, BigInt(this.varint())));
      case "enum": return this.enumName(field);
      case "string": return utf8.decode(this.chunk(this.size()));
      case "bytes": return this.chunk(this.size()).slice();
      case "message": return field.type!.decode(this.chunk(this.size()));
    }
  }

  // A value that this page does not know, of a newer coordinator, is the first: unspecified.
  private enumName(field: Field): string {
    const value = Number(this.varint());
    return field.values![value] ?? field.values![0]!;
  }

  skip(wire: number): void {
    if (wire === Wire.Varint) this.varint();
    else if (wire === Wire.Bits64) this.chunk(8);
    else if (wire === Wire.Bits32) this.chunk(4);
    else if (wire === Wire.Bytes) this.chunk(this.size());
    else throw new Error(`wire type ${wire} is not known`);
  }
}

function defaultOf(field: Field): unknown {
  if (field.repeated) return field.kind === "float" ? new Float32Array() : [];
  if (field.optional || field.kind === "message") return undefined;
  switch (field.kind) {
    case "bool": return false;
    case "string": return "";
    case "bytes": return new Uint8Array();
    case "uint64": return 0n;
    case "enum": return field.values![0];
    default: return 0;
  }
}

function joinFloats(known: Float32Array, more: Float32Array): Float32Array {
  if (known.length === 0) return more;
  const joined = new Float32Array(known.length + more.length);
  joined.set(known);
  joined.set(more, known.length);
  return joined;
}

function readPacked(field: Field, chunk: Uint8Array, known: unknown): unknown {
  if (field.kind === "float") {
    const copy = chunk.slice();  // aligned, as the view wants it; all machines with a browser are little-endian
    return joinFloats(known as Float32Array, new Float32Array(copy.buffer));
  }
  const reader = new Reader(chunk);
  const list = known as unknown[];
  while (!reader.done) list.push(reader.scalar(field));
  return list;
}

function decode(fields: Map<number, Field>, bytes: Uint8Array): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of fields.values()) message[field.name] = defaultOf(field);
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.size();
    const wire = tag & 7;
    const field = fields.get(tag >>> 3);
    if (field?.repeated && wire === Wire.Bytes && WIRE[field.kind] !== Wire.Bytes) {
      message[field.name] = readPacked(field, reader.chunk(reader.size()), message[field.name]);
    } else if (!field || wire !== WIRE[field.kind]) {
      reader.skip(wire);
    } else if (field.repeated && field.kind === "float") {
      message[field.name] = joinFloats(message[field.name] as Float32Array, Float32Array.of(reader.scalar(field) as number));
    } else if (field.repeated) {
      (message[field.name] as unknown[]).push(reader.scalar(field));
    } else {
      message[field.name] = reader.scalar(field);
    }
  }
  return message;
}

class Writer {
  private readonly out: number[] = [];
  private readonly parts: Uint8Array[] = [];

  varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.out.push(Number(rest & 127n) | 128);
    this.out.push(Number(rest));
  }

  chunk(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.flush();
    this.parts.push(bytes);
  }

  fixed(size: number, set: (view: DataView) => void): void {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    this.out.push(...bytes);
  }

  private flush(): void {
    this.parts.push(Uint8Array.from(this.out));
    this.out.length = 0;
  }

  finish(): Uint8Array {
    this.flush();
    const all = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function writeScalar(writer: Writer, field: Field, value: any): void {
  switch (field.kind) {
    case "double": return writer.fixed(8, (view) => view.setFloat64(0, value, true));
    case "float": return writer.fixed(4, (view) => view.setFloat32(0, value, true));
    case "bool": return writer.varint(value ? 1 : 0);
    case "enum": return writer.varint(Number(Object.keys(field.values!).find((no) => field.values![Number(no)] === value)));
    case "string": return writer.chunk(toUtf8.encode(value));
    case "bytes": return writer.chunk(value);
    case "message": return writer.chunk(field.type!.encode(value));
    default: return writer.varint(value);
  }
}

function encode(fields: Map<number, Field>, message: Record<string, any>): Uint8Array {
  const writer = new Writer();
  for (const field of fields.values()) {
    const value = message[field.name];
    if (value === undefined) continue;
    for (const item of field.repeated ? value : [value]) {
      writer.varint(field.no * 8 + WIRE[field.kind]);
      writeScalar(writer, field, item);
    }
  }
  return writer.finish();
}

// `fields` is asked for late, so that messages can name each other.
export function messageType<T>(fields: () => Field[]): MessageType<T> {
  let table: Map<number, Field> | undefined;
  const byNumber = () => (table ??= new Map(fields().map((field) => [field.no, field])));
  return {
    decode: (bytes) => decode(byNumber(), bytes) as unknown as T,
    encode: (message) => encode(byNumber(), message as Record<string, unknown>),
  };
}
