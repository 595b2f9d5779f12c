// Asks the official npm client for moderations and prints its answers as one JSON object.
// TOLLGATE_API  base address with /v1     TOLLGATE_KEY  a key     TOLLGATE_MODEL  a model that moderates
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_MODEL: model } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

/** Status, code and message of what the client throws. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { status: error.status, code: error.code, param: error.param, message: error.message };
  }
}

const texts = await client.moderations.create({ model, input: ['I hate this', 'I love this'] });
console.log(JSON.stringify({
  texts,
  requestId: texts._request_id,
  parts: await client.moderations.create({ model, input: [{ type: 'text', text: 'I love this' }, { type: 'text', text: 'I hate this' }] }),
  nameless: await failure(() => client.moderations.create({ input: 'I hate this' })),
  picture: await failure(() => client.moderations.create({
    model, input: [{ type: 'image_url', image_url: { url: 'data:image/gif;base64,R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7' } }],
  })),
}));
