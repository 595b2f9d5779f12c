// Anthropic's npm client, as scene.mjs says.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import {
  apiKey, baseURL as address, chatModel, failure, gather, maxTokens, person, personText, play, question, report, toolQuestion, weather,
  wrongKey, wrongModel,
} from './scene.mjs';

const baseURL = address.replace(/\/v1$/, ''); // This client adds the version.
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const common = { model: chatModel, temperature: 0, max_tokens: maxTokens };
const messages = [{ role: 'user', content: question }];
const asked = { role: 'user', content: toolQuestion };
const { name, description, parameters } = weather;
const withTool = { ...common, tools: [{ name, description, input_schema: parameters }] };

const textOf = (message) => message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');

async function chat() {
  const answer = await client.messages.create({ ...common, messages });
  const counted = await client.messages.countTokens({ model: chatModel, messages });
  return {
    text: textOf(answer), inputTokens: answer.usage.input_tokens, outputTokens: answer.usage.output_tokens,
    countedTokens: counted.input_tokens,
  };
}

async function* pieces(events) {
  for await (const event of events) {
    if (event.type === 'content_block_delta') {
      yield event.delta.text;
    }
  }
}

async function stream() {
  return await gather(pieces(await client.messages.create({ ...common, messages, stream: true })));
}

/** Sends the result of the message's call and gives the answer. */
async function answerOf(message) {
  const call = message.content.find((block) => block.type === 'tool_use');
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: JSON.stringify(report) }] };
  const said = { role: 'assistant', content: message.content };
  const answer = await client.messages.create({ ...withTool, messages: [asked, said, result] });
  return { name: call.name, arguments: call.input, answer: textOf(answer) };
}

async function tools() {
  return await answerOf(await client.messages.create({ ...withTool, tool_choice: { type: 'any' }, messages: [asked] }));
}

async function streamedTools() {
  return await answerOf(
    await client.messages.stream({ ...withTool, tool_choice: { type: 'tool', name }, messages: [asked] }).finalMessage());
}

/** The client's own loop, which calls the function and goes on by itself. It asks for a thread that the server keeps, and does without. */
async function toolLoop() {
  let used = null;
  const run = (input) => {
    used = input;
    return JSON.stringify(report);
  };
  const tool = betaTool({ name, description, inputSchema: weather.trained, run });
  const answer = await client.beta.messages.toolRunner({ ...common, tools: [tool], messages: [asked] });
  return { name, arguments: used, answer: textOf(answer) };
}

async function structured() {
  const answer = await client.messages.parse({
    ...common, messages: [{ role: 'user', content: personText }], output_config: { format: zodOutputFormat(person) },
  });
  return answer.parsed_output;
}

async function errors() {
  const wrong = new Anthropic({ baseURL, apiKey: wrongKey, maxRetries: 0 });
  return {
    key: await failure(() => wrong.messages.create({ ...common, messages })),
    model: await failure(() => client.messages.create({ ...common, model: wrongModel, messages })),
  };
}

await play({ chat, stream, tools, streamedTools, toolLoop, structured, errors });
