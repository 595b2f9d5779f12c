// The official npm client on /v1/responses, as scene.mjs says.
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import {
  apiKey, baseURL, chatModel, failure, gather, maxTokens, person, personText, play, question, report, toolQuestion, weather, wrongKey,
  wrongModel,
} from './scene.mjs';

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const common = { model: chatModel, temperature: 0, max_output_tokens: maxTokens };
const { name, description, parameters } = weather;
const withTool = { ...common, tools: [{ type: 'function', name, description, parameters, strict: true }] };

async function chat() {
  const answer = await client.responses.create({ ...common, input: question });
  return { text: answer.output_text, inputTokens: answer.usage.input_tokens, outputTokens: answer.usage.output_tokens };
}

async function* pieces(events) {
  for await (const event of events) {
    if (event.type === 'response.output_text.delta') {
      yield event.delta;
    }
  }
}

async function stream() {
  return await gather(pieces(await client.responses.create({ ...common, input: question, stream: true })));
}

/** The call among an answer's items, and the result of it as an item. */
function resultOf(response) {
  const call = response.output.find((item) => item.type === 'function_call');
  return { call, result: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify(report) } };
}

/** The result goes back with the answer that is kept. */
async function tools() {
  const first = await client.responses.create({ ...withTool, tool_choice: 'required', input: toolQuestion });
  const { call, result } = resultOf(first);
  const second = await client.responses.create({ ...withTool, previous_response_id: first.id, input: [result] });
  return { name: call.name, arguments: JSON.parse(call.arguments), answer: second.output_text };
}

/** The result goes back with all items of an answer that is not kept. */
async function streamedTools() {
  const asked = { role: 'user', content: toolQuestion };
  const first = await client.responses
    .stream({ ...withTool, store: false, tool_choice: { type: 'function', name }, input: [asked] })
    .finalResponse();
  const { call, result } = resultOf(first);
  const second = await client.responses.create({ ...withTool, store: false, input: [asked, ...first.output, result] });
  return { name: call.name, arguments: JSON.parse(call.arguments), answer: second.output_text };
}

async function structured() {
  const answer = await client.responses.parse({ ...common, input: personText, text: { format: zodTextFormat(person, 'person') } });
  return answer.output_parsed;
}

async function errors() {
  const wrong = new OpenAI({ baseURL, apiKey: wrongKey, maxRetries: 0 });
  return {
    key: await failure(() => wrong.responses.create({ ...common, input: question })),
    model: await failure(() => client.responses.create({ ...common, model: wrongModel, input: question })),
  };
}

await play({ chat, stream, tools, streamedTools, structured, errors });
