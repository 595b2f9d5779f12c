// Runs a Whisper folder through onnxruntime-node, greedily and without caches: each step reads the
// whole text again.
// in: {folder, encoder, decoder, heads, width, languages: [id], suppressed: [id], suppressedFirst: [id], most,
//      tokens: {start, end, previous, transcribe?, translate?, noTimestamps},
//      requests: [{features: base64 of float32, language?, translate, prompt: [id]}]}
// out: [{language, tokens: [id], logprobs: [number]}]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';

let input = '';
for await (const chunk of process.stdin) input += chunk;
const job = JSON.parse(input);
const open = (name) => ort.InferenceSession.create(readFileSync(join(job.folder, name)), { intraOpNumThreads: 1 });
const [encoder, decoder] = [await open(job.encoder), await open(job.decoder)];
const caches = decoder.inputNames.filter((name) => name.startsWith('past_key_values'));

async function hear(base64) {
  const features = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
  const outputs = await encoder.run({ input_features: new ort.Tensor('float32', features, [1, features.length / 3000, 3000]) });
  return outputs.last_hidden_state;
}

/** Logits after the last of these tokens. */
async function read(heard, tokens) {
  const feeds = {
    input_ids: new ort.Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
    encoder_hidden_states: heard,
    use_cache_branch: new ort.Tensor('bool', [false], [1]),
  };
  for (const name of caches) feeds[name] = new ort.Tensor('float32', new Float32Array(0), [1, job.heads, 0, job.width]);
  const { logits } = await decoder.run(feeds);
  return Float64Array.from(logits.data.subarray((tokens.length - 1) * logits.dims[2]));
}

const best = (logits, ids) => ids.reduce((most, id) => (logits[id] > logits[most] ? id : most));
const answers = [];
for (const request of job.requests) {
  const { start, end, previous, transcribe, translate, noTimestamps } = job.tokens;
  const heard = await hear(request.features);
  const language = request.language ?? (job.languages.length > 0 ? best(await read(heard, [start]), job.languages) : null);
  const before = [
    ...(request.prompt.length > 0 ? [previous, ...request.prompt] : []), start,
    ...(language === null ? [] : [language, request.translate ? translate : transcribe]), noTimestamps,
  ];
  const answer = { language, tokens: [], logprobs: [] };
  while (answer.tokens.length < job.most) {
    const logits = await read(heard, [...before, ...answer.tokens]);
    for (const id of job.suppressed) logits[id] = -Infinity;
    if (answer.tokens.length === 0) for (const id of job.suppressedFirst) logits[id] = -Infinity;
    for (let id = noTimestamps; id < logits.length; id++) logits[id] = -Infinity;
    const most = Math.max(...logits);
    const sum = most + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - most), 0));
    const token = logits.indexOf(most);
    if (token === end) break;
    answer.tokens.push(token);
    answer.logprobs.push(most - sum);
  }
  answers.push(answer);
}
process.stdout.write(JSON.stringify(answers));
