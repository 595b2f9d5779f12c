// Drives the official npm client through the API once and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API  base address with /v1     TOLLGATE_KEY  a key     TOLLGATE_LIMITED_KEY  a key with 3 requests a minute
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_LIMITED_KEY: limitedKey } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const france = {
  model: 'tiny-assistant',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  temperature: 0,
  max_tokens: 40,
};

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return {
      class: error.constructor.name,
      status: error.status ?? null,
      code: error.code ?? null,
      param: error.param ?? null,
      type: error.type ?? null,
      message: error.message,
      requestId: error.requestID ?? null,
      retryAfter: error.headers?.get('retry-after') ?? null,
      retryAfterMs: error.headers?.get('retry-after-ms') ?? null,
    };
  }
}

async function chat() {
  const answer = await client.chat.completions.create(france);
  return { ...answer, requestId: answer._request_id };
}

async function chatStream() {
  const stream = await client.chat.completions.create({ ...france, stream: true, stream_options: { include_usage: true } });
  const seen = { text: '', chunks: 0, finish: null, usage: null, ids: [], objects: [] };
  for await (const chunk of stream) {
    seen.chunks++;
    seen.text += chunk.choices[0]?.delta?.content ?? '';
    seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
    seen.usage = chunk.usage ?? seen.usage;
    seen.ids.push(chunk.id);
    seen.objects.push(chunk.object);
  }
  return { ...seen, ids: [...new Set(seen.ids)], objects: [...new Set(seen.objects)] };
}

async function completionStream() {
  const stream = await client.completions.create({
    model: 'tiny-assistant', prompt: 'The capital of France is', max_tokens: 20, temperature: 0, stream: true,
  });
  let text = '';
  for await (const chunk of stream) {
    text += chunk.choices[0]?.text ?? '';
  }
  return { text };
}

async function embeddings() {
  const input = ['How do I change my password?', 'My dog is ill'];
  const asBase64 = await client.embeddings.create({ model: 'tiny-embed', input });
  const asFloats = await client.embeddings.create({ model: 'tiny-embed', input, encoding_format: 'float' });
  return { base64: asBase64.data, floats: asFloats.data, model: asBase64.model, usage: asBase64.usage };
}

async function images() {
  const prompt = 'a red house on green grass';
  const drawn = await client.images.generate({ model: 'tiny-painter', prompt, n: 2, output_format: 'webp', seed: 5 });
  const { data: stream, response } = await client.images.generate({
    model: 'tiny-painter', prompt, output_format: 'webp', seed: 5, stream: true, partial_images: 2,
  }).withResponse();
  const events = [];
  for await (const event of stream) {
    events.push({ type: event.type, index: event.partial_image_index ?? null, picture: event.b64_json });
  }
  return {
    size: drawn.size,
    format: drawn.output_format,
    pictures: drawn.data.map((picture) => picture.b64_json),
    tokens: drawn.usage.input_tokens,
    events,
    requestIds: [drawn._request_id, response.headers.get('x-request-id')],
  };
}

async function models() {
  const listed = [];
  for await (const model of client.models.list()) {
    listed.push(model);
  }
  return { listed, one: await client.models.retrieve('tiny-assistant') };
}

async function rateLimited() {
  const limited = new OpenAI({ baseURL, apiKey: limitedKey, maxRetries: 0 });
  const passed = [];
  for (let i = 0; i < 3; i++) {
    passed.push((await limited.chat.completions.create({ ...france, max_tokens: 1 })).object);
  }
  return { passed, failure: await failure(() => limited.chat.completions.create({ ...france, max_tokens: 1 })) };
}

async function leftMidStream() {
  const { data: stream, response } = await client.completions
    .create({
      model: 'tiny-assistant', prompt: 'Once upon a time', max_tokens: 480, n: 4, logit_bias: { 0: -100, 2: -100 }, stream: true,
    })
    .withResponse();
  let chunks = 0;
  for await (const chunk of stream) {
    if (chunk.choices[0]?.text && ++chunks === 3) {
      break; // The client aborts its request when the loop is left.
    }
  }
  return { requestId: response.headers.get('x-request-id'), chunks };
}

async function idempotent() {
  const options = { headers: { 'Idempotency-Key': `node-${Date.now()}-${process.pid}` } };
  const first = await client.chat.completions.create(france, options).withResponse();
  const second = await client.chat.completions.create(france, options).withResponse();
  const streamed = { ...france, stream: true };
  const streamOptions = { headers: { 'Idempotency-Key': `${options.headers['Idempotency-Key']}-stream` } };
  const texts = [];
  for (let i = 0; i < 2; i++) {
    let text = '';
    for await (const chunk of await client.chat.completions.create(streamed, streamOptions)) {
      text += chunk.choices[0]?.delta?.content ?? '';
    }
    texts.push(text);
  }
  return {
    ids: [first.data.id, second.data.id],
    requestIds: [first.data._request_id, second.data._request_id],
    replayed: [first, second].map(answer => answer.response.headers.get('idempotency-replayed')),
    original: second.response.headers.get('x-tollgate-original-request-id'),
    texts,
    reused: await failure(() => client.chat.completions.create({ ...france, max_tokens: 3 }, options)),
  };
}

const results = {
  chat: await chat(),
  chatStream: await chatStream(),
  completion: await client.completions.create({
    model: 'tiny-assistant', prompt: 'The capital of France is', max_tokens: 20, temperature: 0,
  }),
  completionStream: await completionStream(),
  embeddings: await embeddings(),
  images: await images(),
  models: await models(),
  wrongKey: await failure(() => new OpenAI({ baseURL, apiKey: 'sk-tg-wrong', maxRetries: 0 }).chat.completions.create(france)),
  wrongModel: await failure(() => client.chat.completions.create({ ...france, model: 'no-such-model' })),
  wrongModelRetrieved: await failure(() => client.models.retrieve('no-such-model')),
  wrongMember: await failure(() => client.chat.completions.create({ ...france, temperature: 3 })),
  rateLimited: await rateLimited(),
  leftMidStream: await leftMidStream(),
  idempotent: await idempotent(),
};
console.log(JSON.stringify(results));
