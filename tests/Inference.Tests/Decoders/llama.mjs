// llama.cpp on GGUF files, in float32 on the CPU.
// in:  [{file, context, prompt, steps}]
// out: [{ids, logits}], the likeliest token after the prompt and after each further one, and the logits behind it, base64 of float32.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getBinsDir } from '@node-llama-cpp/linux-x64';

const addon = join(getBinsDir().binsDir, 'linux-x64');
const llama = createRequire(import.meta.url)(join(addon, 'llama-addon.node'));

let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
}

const errors = [];
llama.setLogger((level, text) => errors.push(text));
llama.setLoggerLogLevel(2); // errors
const fail = async (what) => {
  await new Promise((resolve) => setTimeout(resolve, 100)); // the log comes from another thread
  throw new Error(`llama.cpp does not ${what}: ${errors.join('')}`);
};
llama.loadBackends();
if (llama.getGpuType() == null) {
  llama.loadBackends(addon);
}

await llama.init();
const answers = [];
for (const { file, context, prompt, steps } of JSON.parse(input)) {
  const model = new llama.AddonModel(file, { addonExports: llama, gpuLayers: 0, useMmap: true });
  if (!await model.init()) {
    await fail(`load ${file}`);
  }

  const run = new llama.AddonContext(model, {
    contextSize: context, batchSize: context, sequences: 1, flashAttention: false, threads: 1, kvCacheKeyType: 0, kvCacheValueType: 0,
  });
  if (!await run.init()) {
    await fail(`run ${file}`);
  }

  const sampler = new llama.AddonSampler(model);
  sampler.applyConfig({ temperature: 0 });
  const ids = [];
  const logits = [];
  let next = prompt;
  for (let past = 0; ids.length < steps; past += next.length, next = [ids.at(-1)]) {
    run.initBatch(next.length);
    const [index] = run.addToBatch(0, past, Uint32Array.from(next), Uint32Array.of(next.length - 1));
    await run.decodeBatch();
    const [id, , , pairs] = await run.sampleToken(index, sampler, false, false, true);
    const row = new Float32Array(pairs.length / 2);
    for (let i = 0; i < pairs.length; i += 2) {
      row[pairs[i]] = pairs[i + 1];
    }

    ids.push(id);
    logits.push(Buffer.from(row.buffer).toString('base64'));
  }

  answers.push({ ids, logits });
  sampler.dispose();
  await run.dispose();
  await model.dispose();
}

process.stdout.write(JSON.stringify(answers));
