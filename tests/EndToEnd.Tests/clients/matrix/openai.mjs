// The official npm client on /v1/chat/completions, as scene.mjs says.
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import {
  apiKey, baseURL, chatModel, failure, gather, maxTokens, person, personText, play, question, report, texts, toolQuestion, vectorModel,
  weather, wrongKey, wrongModel,
} from './scene.mjs';

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const common = { model: chatModel, temperature: 0, max_tokens: maxTokens };
const messages = [{ role: 'user', content: question }];
const { name, description, parameters, trained } = weather;
const withTool = { ...common, tools: [{ type: 'function', function: { name, description, parameters, strict: true } }] };
const withTrained = { ...common, tools: [{ type: 'function', function: { name, description, parameters: trained } }] };
const asked = { role: 'user', content: toolQuestion };

async function chat() {
  const answer = await client.chat.completions.create({ ...common, messages });
  return { text: answer.choices[0].message.content, inputTokens: answer.usage.prompt_tokens, outputTokens: answer.usage.completion_tokens };
}

async function* pieces(stream) {
  for await (const chunk of stream) {
    yield chunk.choices[0]?.delta?.content;
  }
}

async function stream() {
  return await gather(pieces(await client.chat.completions.create({ ...common, messages, stream: true })));
}

/** Sends the result of the message's call and gives the answer. */
async function answerOf(message) {
  const [call] = message.tool_calls;
  const result = { role: 'tool', tool_call_id: call.id, content: JSON.stringify(report) };
  const answer = await client.chat.completions.create({ ...withTool, messages: [asked, message, result] });
  return { name: call.function.name, arguments: JSON.parse(call.function.arguments), answer: answer.choices[0].message.content };
}

async function tools() {
  const answer = await client.chat.completions.create({ ...withTool, tool_choice: 'required', messages: [asked] });
  return await answerOf(answer.choices[0].message);
}

async function chosenTools() {
  return await answerOf((await client.chat.completions.create({ ...withTrained, messages: [asked] })).choices[0].message);
}

async function streamedTools() {
  const answer = client.chat.completions.stream({ ...withTool, tool_choice: { type: 'function', function: { name } }, messages: [asked] });
  return await answerOf(await answer.finalMessage());
}

async function structured() {
  const answer = await client.chat.completions.parse({
    ...common, messages: [{ role: 'user', content: personText }], response_format: zodResponseFormat(person, 'person'),
  });
  return answer.choices[0].message.parsed;
}

async function embeddings() {
  return (await client.embeddings.create({ model: vectorModel, input: texts })).data.map((item) => item.embedding);
}

async function errors() {
  const wrong = new OpenAI({ baseURL, apiKey: wrongKey, maxRetries: 0 });
  return {
    key: await failure(() => wrong.chat.completions.create({ ...common, messages })),
    model: await failure(() => client.chat.completions.create({ ...common, model: wrongModel, messages })),
  };
}

await play({ chat, stream, tools, chosenTools, streamedTools, structured, embeddings, errors });
