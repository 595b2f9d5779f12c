// LangChain.js, as scene.mjs says. The argument is the wire: chat, which is its default, or responses.
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import {
  apiKey, baseURL, chatModel, failure, gather, maxTokens, person, personText, play, question, report, texts, toolQuestion, vectorModel,
  weather, wrongKey, wrongModel,
} from './scene.mjs';

const configuration = { baseURL };
const useResponsesApi = process.argv[2] === 'responses';
const common = { model: chatModel, apiKey, configuration, temperature: 0, maxTokens, maxRetries: 0, useResponsesApi };
const model = new ChatOpenAI(common);
const { name, description, arguments: schema } = weather;
const getWeather = tool(() => JSON.stringify(report), { name, description, schema });

async function chat() {
  const answer = await model.invoke(question);
  return { text: answer.text, inputTokens: answer.usage_metadata.input_tokens, outputTokens: answer.usage_metadata.output_tokens };
}

async function* pieces(chunks) {
  for await (const chunk of chunks) {
    yield chunk.text;
  }
}

async function stream() {
  return await gather(pieces(await model.stream(question)));
}

/** Runs the message's call, sends its result and gives the answer. */
async function answerOf(asked, message) {
  const [call] = message.tool_calls;
  const result = await getWeather.invoke(call);
  if (!(result instanceof ToolMessage)) {
    throw new Error(`The call gave ${JSON.stringify(result)}.`);
  }
  const answer = await model.bindTools([getWeather]).invoke([asked, message, result]);
  return { name: call.name, arguments: call.args, answer: answer.text };
}

async function tools() {
  const asked = new HumanMessage(toolQuestion);
  const choice = useResponsesApi ? name : 'required'; // It sends no `required` to responses.
  return await answerOf(asked, await model.bindTools([getWeather], { tool_choice: choice }).invoke([asked]));
}

async function streamedTools() {
  const asked = new HumanMessage(toolQuestion);
  let message = null;
  for await (const chunk of await model.bindTools([getWeather], { tool_choice: name, strict: true }).stream([asked])) {
    message = message === null ? chunk : message.concat(chunk);
  }
  return await answerOf(asked, message);
}

async function structured() {
  return await model.withStructuredOutput(person).invoke(personText);
}

async function embeddings() {
  return await new OpenAIEmbeddings({ model: vectorModel, apiKey, configuration, maxRetries: 0 }).embedDocuments(texts);
}

async function errors() {
  return {
    key: await failure(() => new ChatOpenAI({ ...common, apiKey: wrongKey }).invoke(question)),
    model: await failure(() => new ChatOpenAI({ ...common, model: wrongModel }).invoke(question)),
  };
}

await play({ chat, stream, tools, streamedTools, structured, embeddings, errors });
