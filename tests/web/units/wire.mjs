// Messages as protobuf's bytes, as its encoding guide has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { messageType } from "../../../web/src/rpc/wire";

const Inner = messageType(() => [{ no: 1, name: "n", kind: "int32" }]);
const Outer = messageType(() => [
  { no: 1, name: "kind", kind: "enum", values: { 0: "NONE", 1: "ONE" } }, { no: 2, name: "text", kind: "string" }, { no: 3, name: "inner", kind: "message", type: Inner },
  { no: 4, name: "floats", kind: "float", repeated: true }, { no: 5, name: "big", kind: "uint64" }, { no: 6, name: "signed", kind: "int64" },
]);

test("messages come back as they were sent", () => {
  const sent = { kind: "ONE", text: "né", inner: { n: 150 }, floats: [0.5, -2], big: 2n ** 63n, signed: -7 };
  const read = Outer.decode(Outer.encode(sent));
  assert.deepEqual({ ...read, floats: [...read.floats] }, sent);
  assert.deepEqual([...Inner.encode({ n: 150 })], [0x08, 0x96, 0x01]);
});

test("what is not there has its default, and what is not known is passed over", () => {
  const read = Outer.decode(Uint8Array.of(0x3a, 2, 1, 1));  // field 7
  assert.deepEqual([read.kind, read.text, read.inner, read.big, read.floats.length], ["NONE", "", undefined, 0n, 0]);
  assert.equal(Outer.decode(Uint8Array.of(8, 1)).kind, "ONE");
  assert.equal(Outer.decode(Uint8Array.of(8, 19)).kind, "NONE");  // of a newer coordinator
});

test("bytes that are cut off are an error", () => {
  const whole = Outer.encode({ text: "abc", inner: { n: 1 } });
  for (const length of [1, 2, 4, whole.length - 1]) assert.throws(() => Outer.decode(whole.slice(0, length)), String(length));
});
