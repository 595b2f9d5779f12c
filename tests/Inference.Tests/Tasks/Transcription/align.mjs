// Finds when the words of a text are spoken through onnxruntime-node, after the paper's published program.
// in: {folder, features: base64 of float32, heads, width, alignment: [[layer, head]], prompt: [id], tokens: [id], end, frames}
// out: for each letter [text, first frame, last frame]; each token is a letter, which is a word, or a space
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';

let input = '';
for await (const chunk of process.stdin) input += chunk;
const job = JSON.parse(input);
const open = (name) => ort.InferenceSession.create(readFileSync(join(job.folder, name)), { intraOpNumThreads: 1 });
const [encoder, decoder] = [await open('encoder_model.onnx'), await open('decoder_model_merged.onnx')];
const features = new Float32Array(new Uint8Array(Buffer.from(job.features, 'base64')).buffer);
const { last_hidden_state: heard } = await encoder.run({
  input_features: new ort.Tensor('float32', features, [1, features.length / 3000, 3000]),
});
const read = [...job.prompt, ...job.tokens, job.end];
const feeds = {
  input_ids: new ort.Tensor('int64', BigInt64Array.from(read, BigInt), [1, read.length]),
  encoder_hidden_states: heard,
  use_cache_branch: new ort.Tensor('bool', [false], [1]),
};
for (const name of decoder.inputNames.filter((name) => name.startsWith('past'))) {
  feeds[name] = new ort.Tensor('float32', new Float32Array(0), [1, job.heads, 0, job.width]);
}
const outputs = await decoder.run(feeds);

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const matrices = job.alignment.map(([layer, head]) => {
  const { data, dims: [, , tokens, stride] } = outputs[`cross_attentions.${layer}`];
  let rows = Array.from({ length: tokens }, (_, token) =>
    Array.from(data.subarray((head * tokens + token) * stride, (head * tokens + token) * stride + job.frames)));
  rows = rows.map((row) => { const sum = row.reduce((a, b) => a + b, 0); return row.map((value) => value / sum); });
  const columns = rows[0].map((_, frame) => rows.map((row) => row[frame]));
  const scaled = columns.map((column) => {
    const centre = mean(column);
    const deviation = Math.sqrt(mean(column.map((value) => (value - centre) ** 2)));
    return column.map((value) => (value - centre) / deviation);
  });
  return rows.map((_, token) => scaled.map((column) => column[token])).map((row) => row.map((_, frame) => {
    const mirrored = (at) => row[at < 0 ? -at : at >= row.length ? 2 * (row.length - 1) - at : at];
    return [-3, -2, -1, 0, 1, 2, 3].map((step) => mirrored(frame + step)).sort((a, b) => a - b)[3];
  }));
});
const cost = matrices[0].map((row, token) => row.map((_, frame) => -mean(matrices.map((matrix) => matrix[token][frame]))))
  .slice(job.prompt.length - 1, -1);

const [n, m] = [cost.length, job.frames];
const sums = Array.from({ length: n + 1 }, () => new Float64Array(m + 1).fill(Infinity));
const trace = Array.from({ length: n + 1 }, () => new Int8Array(m + 1));
sums[0][0] = 0;
for (let j = 1; j <= m; j++) {
  for (let i = 1; i <= n; i++) {
    const [c0, c1, c2] = [sums[i - 1][j - 1], sums[i - 1][j], sums[i][j - 1]];
    const [c, t] = c0 < c1 && c0 < c2 ? [c0, 0] : c1 < c0 && c1 < c2 ? [c1, 1] : [c2, 2];
    sums[i][j] = cost[i - 1][j - 1] + c;
    trace[i][j] = t;
  }
}
trace[0].fill(2);
for (let i = 0; i <= n; i++) trace[i][0] = 1;
const path = [];
for (let i = n, j = m; i > 0 || j > 0;) {
  path.unshift([i - 1, j - 1]);
  const t = trace[i][j];
  if (t !== 2) i -= 1;
  if (t !== 1) j -= 1;
}
const starts = path.filter(([i], at) => at === 0 || i !== path[at - 1][0]).map(([, j]) => j);

const words = job.tokens.map((token, at) => [String.fromCharCode(token), starts[at], starts[at + 1]]);
process.stdout.write(JSON.stringify(words.filter(([text]) => text !== ' ')));
