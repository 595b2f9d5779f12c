// Calls /v1/responses with the official npm client and prints what it saw as one JSON object; the C# test judges it.
// TOLLGATE_API   base address with /v1     TOLLGATE_KEY   a key     TOLLGATE_MODEL   a chat model
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_MODEL: model } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message };
  }
}

const settings = { model, temperature: 0, max_output_tokens: 24 };
const { data: created, response } = await client.responses.create({
  ...settings, input: 'Hello!', instructions: 'Answer briefly.', metadata: { turn: '1' },
}).withResponse();

const stream = client.responses.stream({ ...settings, input: 'Who are you?', previous_response_id: created.id });
const events = [];
for await (const event of stream) {
  events.push(event);
}
const streamed = await stream.finalResponse();

const question = { role: 'user', content: 'Hello!' };
const first = await client.responses.create({ ...settings, input: [question], store: false });
const next = { role: 'user', content: [{ type: 'input_text', text: 'What is the capital of France?' }] };
const pasted = await client.responses.create({ ...settings, input: [question, ...first.output, next] });
const referred = await client.responses.create({
  ...settings, input: [question, { type: 'item_reference', id: created.output[0].id }, next],
});
const chat = await client.chat.completions.create({
  model, temperature: 0, max_completion_tokens: 24,
  messages: [question, { role: 'assistant', content: first.output_text }, { role: 'user', content: next.content[0].text }],
});

const items = [];
for await (const item of client.responses.inputItems.list(streamed.id, { limit: 1, order: 'asc' })) {
  items.push(item);
}
const retrieved = await client.responses.retrieve(streamed.id);
await client.responses.delete(created.id);

/** A response in the background once it has ended. */
async function ended(response) {
  while (response.status === 'queued' || response.status === 'in_progress') {
    await new Promise(resolve => setTimeout(resolve, 50));
    response = await client.responses.retrieve(response.id);
  }
  return response;
}

const queued = await client.responses.create({ ...settings, input: 'Hello!', background: true });
const backgroundDone = await ended(queued);
const continued = await client.responses.create({ ...settings, input: 'Who are you?', previous_response_id: queued.id });
const long = await client.responses.create({
  ...settings, input: 'Tell a story.', max_output_tokens: 400, background: true, // It cannot end before it is cancelled.
  text: { format: { type: 'regex', pattern: '[ab]{300}' } },
});
const cancelled = await client.responses.cancel(long.id);
const { output_text: added, ...cancelledShown } = await client.responses.retrieve(long.id); // The library adds it to what it retrieves.

console.log(JSON.stringify({
  queued, backgroundDone, continued, cancelled, cancelledAgain: await client.responses.cancel(long.id),
  cancelledShown,
  afterCancel: await failure(() => client.responses.create({ ...settings, input: 'Hi', previous_response_id: long.id })),
  notInBackground: await failure(() => client.responses.cancel(streamed.id)),
  backgroundStream: await failure(() => client.responses.create({ ...settings, input: 'Hi', background: true, stream: true })),
  requestId: response.headers.get('x-request-id'),
  created, text: created.output_text, events, streamed, retrieved, pasted, referred, items,
  chatTokens: chat.usage.prompt_tokens, chatText: chat.choices[0].message.content,
  incomplete: await client.responses.create({ ...settings, input: 'Hello!', max_output_tokens: 2 }),
  deleted: await failure(() => client.responses.retrieve(created.id)),
  afterDeletion: await failure(() => client.responses.create({ ...settings, input: 'Hi', previous_response_id: created.id })),
  unkept: await failure(() => client.responses.retrieve(first.id)),
}));
