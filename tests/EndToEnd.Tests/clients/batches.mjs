// Runs a batch with the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API   base address with /v1     TOLLGATE_KEY        a key
// TOLLGATE_FILE  a file of requests        TOLLGATE_ENDPOINT   the url of its lines
import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_FILE: path, TOLLGATE_ENDPOINT: endpoint } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 5 }); // A busy machine may answer 503 to a poll.
const metadata = { run: 'nightly' };

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message };
  }
}

/** Waits for a state of a batch. */
async function until(id, reached) {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (reached(batch)) {
      return batch;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function text(id) {
  return id === null ? null : await (await client.files.content(id)).text();
}

const file = await client.files.create({ file: createReadStream(path), purpose: 'batch' });
const order = { input_file_id: file.id, endpoint, completion_window: '24h', metadata };
const created = await client.batches.create(order);
const ended = await until(created.id, (batch) => batch.status === 'completed' && batch.cost_usd !== null);
const second = await client.batches.create(order);
const cancelling = await client.batches.cancel(second.id);
const cancelled = await until(second.id, (batch) => batch.status === 'cancelled' && batch.cost_usd !== null);
const listed = [];
for await (const batch of client.batches.list({ limit: 1 })) {
  listed.push(batch.id);
}
console.log(JSON.stringify({
  file, created, ended, cancelling, cancelled, listed,
  output: await text(ended.output_file_id),
  errors: await text(ended.error_file_id),
  cancelledOutput: await text(cancelled.output_file_id),
  cancelledErrors: await text(cancelled.error_file_id),
  again: await failure(() => client.batches.cancel(created.id)),
  unknown: await failure(() => client.batches.retrieve('batch_0195aaaa00007000800000000000000e')),
  window: await failure(() => client.batches.create({ ...order, completion_window: '1h' })),
}));
