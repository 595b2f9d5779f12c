// Calls one task with the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// The argument is the task: speech, vectors, pictures or objects.
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

/** What an endpoint that the client has no method for answers to a body: a form, or an object that becomes JSON. */
async function post(endpoint, body) {
  const isForm = body instanceof FormData;
  const headers = { authorization: `Bearer ${apiKey}`, ...(isForm ? {} : { 'content-type': 'application/json' }) };
  const response = await fetch(`${baseURL}${endpoint}`, { method: 'POST', headers, body: isForm ? body : JSON.stringify(body) });
  return { status: response.status, data: await response.json(), requestId: response.headers.get('x-request-id') };
}

/** A form with the picture and these fields. */
function pictureForm(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model, ...fields })) {
    form.append(name, value);
  }
  form.append('image', new Blob([readFileSync(path)]), 'picture.png');
  return form;
}

async function pictures() {
  return await post('/images/classifications', pictureForm({ top_n: '3' }));
}

async function objects() {
  const picture = readFileSync(path).toString('base64');
  return {
    form: await post('/images/detections', pictureForm({ threshold: '0.3' })),
    pair: await post('/images/detections', { model, image: [picture, `data:image/jpeg;base64,${picture}`], top_k: 1 }),
    wrong: await post('/images/detections', { model, image: picture, threshold: 2 }),
  };
}

console.log(JSON.stringify(await { speech, vectors, pictures, objects }[process.argv[2]]()));
