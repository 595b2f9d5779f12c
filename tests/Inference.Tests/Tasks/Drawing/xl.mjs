// Draws with the graphs of a Stable Diffusion XL folder by a loop of its own: Euler steps with leading spacing, offset 1.
// in: {folder, cases: [{ids, secondIds, unguided: {ids, secondIds} | "zeros" | null, pooled, sizes, latents, height, width, steps,
//   guidance}]}
// out: [[red, green, blue, …]]; `pooled: false` draws with zeros in place of the text's vector
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { folder, cases } = JSON.parse(readFileSync(0, 'utf8'));
const open = (part) => InferenceSession.create(join(folder, part, 'model.onnx'), { intraOpNumThreads: 1 });
const [first, second, unet, decoder] = [
  await open('text_encoder'), await open('text_encoder_2'), await open('unet'), await open('vae_decoder')];
const channels = 4;
const factor = 2;

async function encode({ ids, secondIds }) {
  const one = await first.run({ input_ids: new Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [1, ids.length]) });
  const two = await second.run({ input_ids: new Tensor('int32', Int32Array.from(secondIds), [1, secondIds.length]) });
  const [a, b] = [one['hidden_states.1'], two['hidden_states.1']]; // Of three: the last but one.
  const states = [];
  for (let token = 0; token < ids.length; token++) {
    states.push(...a.data.slice(token * a.dims[2], (token + 1) * a.dims[2]), ...b.data.slice(token * b.dims[2], (token + 1) * b.dims[2]));
  }
  return { states, pooled: [...two.text_embeds.data] };
}

function schedule(steps) {
  const sigmas = [];
  let product = 1;
  for (let i = 0; i < 1000; i++) {
    const root = Math.sqrt(0.00085) + (i / 999) * (Math.sqrt(0.012) - Math.sqrt(0.00085));
    product *= 1 - root * root;
    sigmas.push(Math.sqrt((1 - product) / product));
  }
  const times = Array.from({ length: steps }, (_, i) => (steps - 1 - i) * Math.floor(1000 / steps) + 1);
  return { times, sigmas: [...times.map((time) => sigmas[time]), 0] };
}

async function denoise(sample, time, text, sizes, shape) {
  const out = await unet.run({
    sample: new Tensor('float32', Float32Array.from(sample), shape),
    timestep: new Tensor('int64', BigInt64Array.from([BigInt(time)]), [1]),
    encoder_hidden_states: new Tensor(
      'float32', Float32Array.from(text.states), [1, 32, text.states.length / 32]),
    text_embeds: new Tensor('float32', Float32Array.from(text.pooled), [1, text.pooled.length]),
    time_ids: new Tensor('float32', Float32Array.from(sizes), [1, 6]),
  });
  return out.out_sample.data;
}

async function draw(drawing) {
  const { height, width, guidance } = drawing;
  const shape = [1, channels, height / factor, width / factor];
  const guided = await encode(drawing);
  if (drawing.pooled === false) guided.pooled = guided.pooled.map(() => 0);
  let unguided = null;
  if (drawing.unguided === 'zeros') {
    unguided = { states: guided.states.map(() => 0), pooled: guided.pooled.map(() => 0) };
  } else if (drawing.unguided) {
    unguided = await encode(drawing.unguided);
  }
  const sizes = drawing.sizes ?? [height, width, 0, 0, height, width];
  const { times, sigmas } = schedule(drawing.steps);
  let sample = drawing.latents.map((value) => value * Math.sqrt(sigmas[0] ** 2 + 1));
  for (let step = 0; step < times.length; step++) {
    const input = sample.map((value) => value / Math.sqrt(sigmas[step] ** 2 + 1));
    let noise = await denoise(input, times[step], guided, sizes, shape);
    if (unguided) {
      const plain = await denoise(input, times[step], unguided, sizes, shape);
      noise = noise.map((value, i) => plain[i] + guidance * (value - plain[i]));
    }
    sample = sample.map((value, i) => value + noise[i] * (sigmas[step + 1] - sigmas[step]));
  }
  const decoded = await decoder.run({
    latent_sample: new Tensor('float32', Float32Array.from(sample.map((value) => value / 0.13025)), shape) });
  const area = height * width;
  const pixels = [];
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels.push(Math.round((Math.min(1, Math.max(-1, decoded.sample.data[channel * area + i])) + 1) * 127.5));
    }
  }
  return pixels;
}

const pictures = [];
for (const drawing of cases) pictures.push(await draw(drawing));
process.stdout.write(JSON.stringify(pictures));
