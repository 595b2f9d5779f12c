// Drives Anthropic's official npm client through the API once and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API  base address without /v1   TOLLGATE_KEY  a key     TOLLGATE_LIMITED_KEY  a key with 3 requests a minute
import Anthropic from '@anthropic-ai/sdk';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_LIMITED_KEY: limitedKey } = process.env;
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const conversation = { model: 'tiny-assistant', messages: [{ role: 'user', content: 'What is the capital of France?' }] };
const france = { ...conversation, max_tokens: 40, temperature: 0 };
const weather = {
  name: 'get_weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
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
      type: error.type ?? null,
      code: error.errorCode ?? null,
      param: error.details?.param ?? null,
      message: error.message,
      requestId: error.requestID ?? null,
      retryAfter: error.headers?.get('retry-after') ?? null,
    };
  }
}

async function create() {
  const { data, response } = await client.messages.create(france).withResponse();
  return {
    message: data,
    requestId: response.headers.get('request-id'),
    organization: response.headers.get('anthropic-organization-id'),
    remaining: response.headers.get('anthropic-ratelimit-requests-remaining'),
    reset: response.headers.get('anthropic-ratelimit-requests-reset'),
  };
}

/** The raw events of a stream, and what the client's helper makes of another one. */
async function stream() {
  const events = [];
  for await (const event of await client.messages.create({ ...france, stream: true })) {
    events.push(event);
  }
  const helper = client.messages.stream(france);
  let text = '';
  helper.on('text', (delta) => { text += delta; });
  const final = await helper.finalMessage();
  return { events, text, final, finalText: await helper.finalText() };
}

/** An answer of blocks is sent back, with a result of a tool that the assistant is said to have called. */
async function history() {
  const first = await client.messages.create(france);
  return client.messages.create({
    ...france,
    system: [{ type: 'text', text: 'Answer briefly.', cache_control: { type: 'ephemeral' } }],
    messages: [
      ...france.messages,
      { role: 'assistant', content: [...first.content, { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } }] },
      { role: 'user', content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'Rain' }] }, { type: 'text', text: 'Hello!' },
      ] },
    ],
  });
}

async function rateLimited() {
  const limited = new Anthropic({ baseURL, apiKey: limitedKey, maxRetries: 0 });
  for (let i = 0; i < 3; i++) {
    await limited.messages.countTokens(conversation);
  }
  return failure(() => limited.messages.create(france));
}

async function models() {
  const listed = [];
  for await (const model of client.models.list()) {
    listed.push(model);
  }
  return { listed, one: await client.models.retrieve('tiny-assistant') };
}

const results = {
  create: await create(),
  stream: await stream(),
  stopped: await client.messages.create({ ...france, stop_sequences: ['never', 'France'] }),
  capped: await client.messages.create({ ...france, max_tokens: 3 }),
  prefilled: await client.messages.create({
    ...france, messages: [...france.messages, { role: 'assistant', content: 'The capital of' }],
  }),
  history: await history(),
  counted: await client.messages.countTokens({ ...conversation, system: 'Answer briefly.' }),
  answered: await client.messages.create({ ...france, system: 'Answer briefly.', max_tokens: 1 }),
  models: await models(),
  byHeader: await new Anthropic({ baseURL, apiKey: null, authToken: null, maxRetries: 0, defaultHeaders: { 'x-api-key': apiKey } })
    .messages.create(france),
  wrongKey: await failure(() => new Anthropic({ baseURL, apiKey: 'sk-tg-wrong', maxRetries: 0 }).messages.create(france)),
  wrongModel: await failure(() => client.messages.create({ ...france, model: 'no-such-model' })),
  wrongMember: await failure(() => client.messages.create({ ...france, temperature: 3 })),
  picture: await failure(() => client.messages.create({
    ...france,
    messages: [{ role: 'user', content: [
      { type: 'text', text: 'What is this?' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ] }],
  })),
  serverTool: await failure(() => client.messages.create({
    ...france, tools: [weather, { type: 'web_search_20250305', name: 'web_search', max_uses: 5 }], tool_choice: { type: 'any' },
  })),
  wrongStream: await failure(() => client.messages.stream({ ...france, stop_sequences: [''] }).finalMessage()),
  rateLimited: await rateLimited(),
};
console.log(JSON.stringify(results));
