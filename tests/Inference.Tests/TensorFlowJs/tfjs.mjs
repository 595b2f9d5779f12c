// Runs a TF.js graph model in TF.js: {path, backend, shape, floats, resize?, outputs} from standard input, floats as base64 of
// little-endian float32. Writes {name: {shape, floats}}.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const { path, backend, shape, floats, resize, outputs } = JSON.parse(readFileSync(0, 'utf8'));
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend(backend);
const json = JSON.parse(readFileSync(path, 'utf8'));
const files = json.weightsManifest.flatMap(group => group.paths.map(file => readFileSync(join(dirname(path), file))));
const model = await loadGraphModel({
  load: async () => ({
    ...json,
    weightSpecs: json.weightsManifest.flatMap(group => group.weights),
    weightData: new Uint8Array(Buffer.concat(files)).buffer,
  }),
});

const bytes = Buffer.from(floats, 'base64');
let input = tf.tensor(new Float32Array(new Uint8Array(bytes).buffer), shape, 'float32');
if (resize) {
  input = tf.image.resizeBilinear(input, resize);
}

const results = [].concat(model.execute(input, outputs));
const answer = {};
for (const [i, name] of outputs.entries()) {
  const values = new Float32Array(await results[i].data());
  answer[name] = { shape: results[i].shape, floats: Buffer.from(values.buffer).toString('base64') };
}

process.stdout.write(JSON.stringify(answer));
