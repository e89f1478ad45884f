// Runs an ONNX file with ONNX Runtime in one thread: the counterpart of inference_bench in
// compare_onnxruntime.sh. First counts the right answers over the test images and refuses to measure
// unless they are as many as promised; then prints a line "BATCH IMAGES_PER_SECOND" for each batch.
//
// usage: node onnxruntime_predict.js MODEL.onnx DATA_DIRECTORY EXPECTED_ACCURACY SECONDS BATCH...
// Environment: NODE_PATH  where onnxruntime-node is installed
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const ort = require('onnxruntime-node');

const PIXELS = 28 * 28;
// As many answers may differ: those that rounding decides.
const TOLERANCE = 0.0005;

function readIdx(directory, name, headerBytes) {
  const plain = path.join(directory, name);
  const bytes = fs.existsSync(plain) ? fs.readFileSync(plain) : zlib.gunzipSync(fs.readFileSync(plain + '.gz'));
  return bytes.subarray(headerBytes);
}

function batchTensor(images, first, count) {
  const values = new Float32Array(count * PIXELS);
  for (let i = 0; i < values.length; ++i) values[i] = images[first * PIXELS + i] / 255;
  return new ort.Tensor('float32', values, [count, 1, 28, 28]);
}

async function accuracy(session, images, labels) {
  const chunk = 100;
  let right = 0;
  for (let first = 0; first < labels.length; first += chunk) {
    const { probabilities } = await session.run({ image: batchTensor(images, first, chunk) });
    for (let i = 0; i < chunk; ++i) {
      const row = probabilities.data.subarray(i * 10, i * 10 + 10);
      if (row.indexOf(Math.max(...row)) === labels[first + i]) ++right;
    }
  }
  return right / labels.length;
}

async function imagesPerSecond(session, images, batch, seconds) {
  const feeds = { image: batchTensor(images, 0, batch) };
  for (let i = 0; i < 20; ++i) await session.run(feeds);
  const start = process.hrtime.bigint();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < seconds) {
    for (let i = 0; i < 10; ++i) await session.run(feeds);
    runs += 10;
    elapsed = Number(process.hrtime.bigint() - start) / 1e9;
  }
  return (runs * batch) / elapsed;
}

async function main() {
  const [model, directory, expected, seconds, ...batches] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
  });
  const images = readIdx(directory, 't10k-images-idx3-ubyte', 16);
  const labels = readIdx(directory, 't10k-labels-idx1-ubyte', 8);
  const measured = await accuracy(session, images, labels);
  if (Math.abs(measured - Number(expected)) > TOLERANCE) {
    process.stderr.write(`ONNX Runtime's accuracy is ${measured}, not ${expected}: not measured\n`);
    process.exit(1);
  }
  for (const batch of batches) {
    const speed = await imagesPerSecond(session, images, Number(batch), Number(seconds));
    process.stdout.write(`${batch} ${Math.round(speed)}\n`);
  }
}

main();
