// Trains a model with the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API   base address with /v1     TOLLGATE_KEY   a key     TOLLGATE_FILE   labelled texts
import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_FILE: path } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 5 }); // A busy machine may answer 503 to a poll.
const { jobs } = client.fineTuning;

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message };
  }
}

/** Waits for a state of a job. */
async function until(id, reached) {
  for (;;) {
    const job = await jobs.retrieve(id);
    if (reached(job)) {
      return job;
    }
    if (job.status === 'failed') {
      throw new Error(JSON.stringify(job.error));
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function all(pages) {
  const items = [];
  for await (const item of pages) {
    items.push(item);
  }
  return items;
}

const file = await client.files.create({ file: createReadStream(path), purpose: 'fine-tune' });
const order = {
  model: 'lstm', training_file: file.id, suffix: 'reviews', seed: 7, metadata: { run: 'nightly' },
  method: { type: 'lstm', lstm: { hyperparameters: { n_epochs: 5, batch_size: 8 } } }, checkpoint_every: 4,
};
const created = await jobs.create(order);
const ended = await until(created.id, (job) => job.status === 'succeeded' && job.cost_usd !== null);
const second = await jobs.create({ ...order, metadata: { run: 'other' } });
const paused = await jobs.pause(second.id);
const resumed = await jobs.resume(second.id);
const cancelled = await jobs.cancel(second.id);
const priced = await until(second.id, (job) => job.cost_usd !== null);
const results = await (await client.files.content(ended.result_files[0])).text();
console.log(JSON.stringify({
  created, ended, paused, resumed, cancelled, priced, results,
  events: await all(jobs.listEvents(created.id, { limit: 2 })),
  checkpoints: await all(jobs.checkpoints.list(created.id, { limit: 2 })),
  listed: (await all(jobs.list({ limit: 1 }))).map((job) => job.id),
  filtered: (await all(jobs.list({ metadata: { run: 'nightly' } }))).map((job) => job.id),
  again: await failure(() => jobs.cancel(created.id)),
  unknown: await failure(() => jobs.retrieve('ftjob-0195aaaa00007000800000000000000e')),
  model: await failure(() => jobs.create({ ...order, model: 'no-such-model' })),
  wandb: await failure(() => jobs.create({ ...order, integrations: [{ type: 'wandb', wandb: { project: 'p' } }] })),
}));
