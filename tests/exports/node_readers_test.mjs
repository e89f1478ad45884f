// Runs the TensorFlow.js folders in @tensorflow/tfjs, the ONNX files in onnxruntime-web, and opens the
// .h5 files with h5wasm; compares all probabilities with Convoy's.
//
//   node node_readers_test.mjs NODE_FOLDER SAMPLES tfjs|onnx|h5
//
// NODE_FOLDER has the node_modules; SAMPLES is what `export_tool write` left.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [nodeFolder, samples, which] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(nodeFolder, 'package.json')));

const TOLERANCE = 1e-5;

// TensorFlow.js computes these networks in plain JavaScript: the first images must do.
const MOST_IMAGES = {tfjs: 32, onnx: Infinity};

// One network's folder, by its line of the manifest, with its first images.
function readSample(line, most) {
  const folder = path.join(samples, line.name);
  const images = Math.min(line.images, most);
  const pixels = fs.readFileSync(path.join(folder, 'images.u8'));
  const bytes = fs.readFileSync(path.join(folder, 'expected.f64'));
  const expected = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const shape = [images, line.height, line.width, line.channels];
  return {
    ...line, folder, shape,
    images: Float32Array.from(pixels.subarray(0, images * line.height * line.width * line.channels), (p) => p / 255),
    expected: expected.subarray(0, images * line.classes),
  };
}

// The largest difference of a probability; infinite if there are more or fewer of them, or one is NaN.
function difference(sample, probabilities) {
  if (probabilities.length !== sample.expected.length) return Infinity;
  let worst = 0;
  probabilities.forEach((p, i) => {
    const d = Math.abs(p - sample.expected[i]);
    if (!(d <= worst)) worst = Number.isNaN(d) ? Infinity : d;
  });
  return worst;
}

// Serves the samples on this machine, as a web page would load them.
function serve() {
  const server = http.createServer((request, response) => {
    const file = path.join(samples, path.normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname)));
    if (!fs.existsSync(file)) return response.writeHead(404).end();
    // A connection that is kept would have timed out by the next request, many seconds of computing later.
    response.setHeader('Connection', 'close');
    response.end(fs.readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// Each returns run(sample, variant): the probabilities of the sample's images by one of its files.
async function tfjsRunner() {
  const tf = require('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const server = await serve();
  server.unref();
  return async (sample, variant) => {
    const model = await tf.loadLayersModel(
        `http://127.0.0.1:${server.address().port}/${sample.name}/${variant}/tfjs/model.json`);
    assert.deepEqual(model.inputs[0].shape, [null, ...sample.shape.slice(1)]);
    const probabilities = tf.tidy(() => model.predict(tf.tensor4d(sample.images, sample.shape)).dataSync());
    model.dispose();
    return probabilities;
  };
}

async function onnxRunner() {
  const ort = require('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return async (sample, variant) => {
    const session = await ort.InferenceSession.create(fs.readFileSync(path.join(sample.folder, variant, 'model.onnx')));
    assert.equal(session.inputNames.length, 1);
    const inputs = {[session.inputNames[0]]: new ort.Tensor('float32', sample.images, sample.shape)};
    const outputs = await session.run(inputs);
    await session.release();
    return outputs[session.outputNames[0]].data;
  };
}

// All files of all networks, right and wrong, give what they should.
async function compare(lines, most, run) {
  let wrong = 0;
  for (const line of lines) {
    const sample = readSample(line, most);
    const worst = difference(sample, await run(sample, 'good'));
    assert.ok(worst < TOLERANCE, `${sample.name}: a probability differs by ${worst}`);
    for (const mutant of sample.mutants) {
      const found = difference(sample, await run(sample, mutant));
      assert.ok(found > 10 * TOLERANCE, `${sample.name}: ${mutant} was not found (${found})`);
      wrong += 1;
    }
    console.log(`${sample.name}: ${sample.shape[0]} images, largest difference ${worst.toExponential(2)}, ` +
                `wrong files found: ${sample.mutants.length}`);
  }
  assert.ok(wrong > 20);
}

// The .h5 files in another build of HDF5: names, shapes and values are where they should be.
async function openH5(lines) {
  const h5wasm = await import(pathToFileURL(path.join(nodeFolder, 'node_modules/h5wasm/dist/node/hdf5_hl.js')).href);
  await h5wasm.ready;
  for (const line of lines) {
    const file = new h5wasm.File(path.join(samples, line.name, 'good/model.h5'), 'r');
    // A skip cannot stand in a chain.
    const config = JSON.parse(file.attrs.model_config.value);
    const skips = config.config.layers.some((layer) => layer.class_name === 'Add');
    assert.equal(config.class_name, skips ? 'Functional' : 'Sequential');
    const layers = file.get('model_weights').attrs.layer_names.value;
    let arrays = 0;
    for (const layer of layers) {
      const group = file.get(`model_weights/${layer}`);
      for (const name of group.attrs.weight_names.value) {
        const dataset = group.get(name);
        assert.equal(dataset.dtype, '<f');
        assert.equal(dataset.value.length, dataset.shape.reduce((a, b) => a * b, 1));
        arrays += 1;
      }
    }
    file.close();
    console.log(`${line.name}: ${layers.length} layers, ${arrays} arrays`);
  }
}

const lines = JSON.parse(fs.readFileSync(path.join(samples, 'manifest.json'), 'utf8'))
    .filter((line) => which !== 'tfjs' || line.tfjs);
if (which === 'tfjs') await compare(lines, MOST_IMAGES.tfjs, await tfjsRunner());
if (which === 'onnx') await compare(lines, MOST_IMAGES.onnx, await onnxRunner());
if (which === 'h5') await openH5(lines);
