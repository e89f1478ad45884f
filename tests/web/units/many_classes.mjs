// What is shown of very many classes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf, classesShown, countsOfCells, largest, MOST_CLASSES } from "../../../web/src/network/many_classes";

const matrix = (size) => Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 9 : 0)));

test("up to a hundred classes all are shown", () => {
  assert.deepEqual(classesShown(matrix(3)), [0, 1, 2]);
  assert.equal(classesShown(matrix(MOST_CLASSES)).length, MOST_CLASSES);
});

test("of more those of the most frequent mistakes, in order, whatever is right", () => {
  const counts = matrix(1000);
  for (let i = 1; i <= 13; ++i) counts[1000 - i][40 * i] = 5;
  counts[3][5] = 2;
  counts[700][700] = 900;
  const shown = classesShown(counts);
  assert.deepEqual(shown, [...Array.from({ length: 13 }, (_, i) => 40 * (i + 1)), ...Array.from({ length: 13 }, (_, i) => 987 + i)]);
  counts[3][5] = 6;
  assert.deepEqual(classesShown(counts).filter((label) => label < 40), [3, 5]);
});

test("where there are few mistakes the first classes fill up", () => {
  const counts = matrix(101);
  counts[99][98] = 1;
  assert.deepEqual(classesShown(counts), [...Array(24).keys(), 98, 99]);
});

test("the largest values come first, of equal ones the first", () => {
  assert.deepEqual(largest(new Float32Array([0.25, 0.5, 0, 0.25]), 3), [1, 0, 3]);
  assert.deepEqual(largest(new Float32Array(2), 5), [0, 1]);
});

test("a matrix is what was kept of it, and what is none is left out", () => {
  const counts = [[0, 2, 0], [0, 0, 0], [1, 0, 4]];
  assert.deepEqual(cellsOf(counts), [[0, 1, 2], [2, 0, 1], [2, 2, 4]]);
  assert.deepEqual(countsOfCells(cellsOf(counts), 3), counts);
  assert.deepEqual(countsOfCells([[0, 1, 2], [3, 0, 1], [0, 3, 1], [-1, 0, 1], [0, 0.5, 1], [1, 1, "x"], "no", null, [2, 2, 4]], 3), [[0, 2, 0], [0, 0, 0], [0, 0, 4]]);
  for (const none of [undefined, {}, 7]) assert.deepEqual(countsOfCells(none, 1), [[0]]);
});
