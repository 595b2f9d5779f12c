// Calls one task with the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// The argument is the task: speech, vectors or pictures.
// TOLLGATE_API   base address with /v1     TOLLGATE_KEY   a key     TOLLGATE_MODEL   a model of the task
// TOLLGATE_FILE  a recording or a picture
import { createReadStream, readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_MODEL: model, TOLLGATE_FILE: path } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

/** What the client gives, with the id of its request. */
async function answer(promise) {
  const { data, response } = await promise.withResponse();
  return { data, requestId: response.headers.get('x-request-id') };
}

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message };
  }
}

async function speech() {
  const transcribe = (members) => client.audio.transcriptions.create({ file: createReadStream(path), model, ...members });
  const { data: stream, response } = await transcribe({ stream: true }).withResponse();
  const events = [];
  for await (const event of stream) {
    events.push(event);
  }
  return {
    json: await answer(transcribe({})),
    logprobs: await answer(transcribe({ include: ['logprobs'] })),
    text: await answer(transcribe({ response_format: 'text' })),
    srt: await answer(transcribe({ response_format: 'srt' })),
    vtt: await answer(transcribe({ response_format: 'vtt' })),
    verbose: await answer(transcribe({ response_format: 'verbose_json', timestamp_granularities: ['segment'] })),
    stream: { data: events, requestId: response.headers.get('x-request-id') },
    words: await failure(() => transcribe({ response_format: 'verbose_json', timestamp_granularities: ['word'] })),
    translation: await failure(() => client.audio.translations.create({ file: createReadStream(path), model })),
    german: await failure(() => transcribe({ language: 'de' })),
  };
}

async function vectors() {
  const input = ['How do I change my password?', 'My dog is ill'];
  return {
    full: await answer(client.embeddings.create({ model, input })),
    short: await answer(client.embeddings.create({ model, input, dimensions: 128 })),
    numbers: await answer(client.embeddings.create({ model, input, dimensions: 128, encoding_format: 'float' })),
    other: await failure(() => client.embeddings.create({ model, input, dimensions: 129 })),
    unable: await failure(() => client.embeddings.create({ model: 'tiny-embed', input, dimensions: 128 })),
  };
}

async function pictures() {
  const form = new FormData();
  form.append('model', model);
  form.append('top_n', '3');
  form.append('image', new Blob([readFileSync(path)]), 'picture.png');
  const response = await fetch(`${baseURL}/images/classifications`, {
    method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: form,
  });
  return { data: await response.json(), requestId: response.headers.get('x-request-id') };
}

console.log(JSON.stringify(await { speech, vectors, pictures }[process.argv[2]]()));
