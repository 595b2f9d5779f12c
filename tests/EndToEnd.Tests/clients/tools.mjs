// Calls functions through the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API  base address with /v1     TOLLGATE_KEY  a key
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.TOLLGATE_API, apiKey: process.env.TOLLGATE_KEY, maxRetries: 0 });

/** @param {string} name @param {string} description @param {object} properties */
function tool(name, description, properties, strict) {
  const parameters = { type: 'object', properties, required: Object.keys(properties) };
  return {
    type: 'function',
    function: { name, description, parameters: strict ? { ...parameters, additionalProperties: false } : parameters, ...(strict ? { strict } : {}) },
  };
}

const city = { city: { type: 'string', description: 'Name of the city' } };
const numbers = { a: { type: 'number', description: 'First number' }, b: { type: 'number', description: 'Second number' } };
const weather = tool('get_weather', 'Get the current weather in a city', city);
const add = tool('add', 'Add two numbers', numbers);
const ask = (question, tools, more = {}) => ({
  model: 'tiny-assistant', temperature: 0, messages: [{ role: 'user', content: question }], tools, ...more,
});

/** The client's own loop: it calls the function here and sends the result back until the model answers in text. */
async function loop(stream) {
  const calls = [];
  const runnable = structuredClone(weather);
  runnable.function.parse = JSON.parse;
  runnable.function.function = (parameters) => {
    calls.push(parameters);
    return { temperature: 21, condition: 'sunny' };
  };
  const runner = client.chat.completions.runTools({ ...ask('What is the weather in Lisbon?', [runnable]), stream });
  const text = await runner.finalContent();
  return { calls, text, roles: runner.messages.map((message) => message.role) };
}

async function whole(body) {
  const answer = await client.chat.completions.create(body);
  return { choice: answer.choices[0], usage: answer.usage, requestId: answer._request_id };
}

/** What the client itself puts together from a stream. */
async function streamed(body) {
  const stream = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
  const answer = await stream.finalChatCompletion();
  return { choice: answer.choices[0], usage: answer.usage };
}

async function refusal(body) {
  try {
    await client.chat.completions.create(body);
    return null;
  } catch (error) {
    return { status: error.status, code: error.code, param: error.param };
  }
}

const required = ask('Tell me a joke.', [weather, add], { tool_choice: 'required', max_tokens: 80 });
const named = ask('What is the weather in Lisbon?', [weather, add], {
  tool_choice: { type: 'function', function: { name: 'add' } }, parallel_tool_calls: false, max_tokens: 80,
});
const strict = ask('What is the weather in Lisbon?', [tool('get_weather', 'Get the current weather in a city', city, true)], {
  tool_choice: 'required', parallel_tool_calls: false, max_tokens: 80,
});
const auto = ask('What is the weather in Lisbon?', [weather]);
const { tools, ...older } = ask('What is the weather in Lisbon?', [weather]);

process.stdout.write(JSON.stringify({
  loop: await loop(false),
  loopStreamed: await loop(true),
  auto: await whole(auto),
  autoStreamed: await streamed(auto),
  required: await whole(required),
  requiredStreamed: await streamed(required),
  named: await whole(named),
  namedStreamed: await streamed(named),
  strict: await whole(strict),
  strictStreamed: await streamed(strict),
  none: await whole(ask('What is the capital of France?', [weather], { tool_choice: 'none' })),
  functions: await whole({ ...older, functions: [weather.function] }),
  badStrict: await refusal(ask('Hi', [{ type: 'function', function: { ...weather.function, strict: true } }])),
}));
