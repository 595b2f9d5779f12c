// LlamaIndex TS, as scene.mjs says. The argument is the wire: chat, which is its default, or responses.
import { tool } from '@llamaindex/core/tools';
import { OpenAI, OpenAIEmbedding, OpenAIResponses } from '@llamaindex/openai';
import {
  apiKey, baseURL, chatModel, failure, gather, maxTokens, person, personText, play, question, report, texts, toolQuestion, vectorModel,
  weather, wrongKey, wrongModel,
} from './scene.mjs';

const isResponses = process.argv[2] === 'responses';
const common = { model: chatModel, apiKey, baseURL, temperature: 0, maxTokens, maxOutputTokens: maxTokens, maxRetries: 0 };

// It leaves the temperature out of a request of responses.
const modelOf = (options) => (isResponses
  ? new OpenAIResponses({ ...options, additionalChatOptions: { temperature: 0 } })
  : new OpenAI(options));
const model = modelOf(common);
const messages = [{ role: 'user', content: question }];
const asked = { role: 'user', content: toolQuestion };
const { name, description, arguments: parameters } = weather;
const getWeather = tool({ name, description, parameters, execute: () => report });

async function chat() {
  const { message, raw } = await model.chat({ messages });
  const { usage } = raw;
  return {
    text: textOf(message.content),
    inputTokens: usage.prompt_tokens ?? usage.input_tokens,
    outputTokens: usage.completion_tokens ?? usage.output_tokens,
  };
}

/** A message's text, which the two wires give in two forms. */
function textOf(content) {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

async function* pieces(chunks) {
  for await (const chunk of chunks) {
    // Chunks of responses repeat the last delta on events that bring no text.
    if (!isResponses || chunk.raw.type === 'response.output_text.delta') {
      yield chunk.delta;
    }
  }
}

async function stream() {
  return await gather(pieces(await model.chat({ messages, stream: true })));
}

/** Sends a call's result and gives the answer. exec would write the result as JSON without quotes, which the model was not trained on. */
async function answerOf(call) {
  const { name, id, input } = call;
  const said = { role: 'assistant', content: '', options: { toolCall: [call] } };
  const toolResult = { id, name, result: report, isError: false };
  const result = { role: 'user', content: JSON.stringify(report), options: { toolResult } };
  const { message } = await model.chat({ messages: [asked, said, result], tools: [getWeather] });
  return { name, arguments: input, answer: textOf(message.content) };
}

const callFirst = () => ({ messages: [asked], tools: [getWeather], additionalChatOptions: { temperature: 0, tool_choice: 'required' } });

async function tools() {
  const { toolCalls } = await model.exec(callFirst());
  return await answerOf(toolCalls[0]);
}

async function streamedTools() {
  let call = null;
  for await (const chunk of await model.chat({ ...callFirst(), stream: true })) {
    call = chunk.options?.toolCall?.[0] ?? call;
  }
  return await answerOf(call);
}

/** Responses know a schema only as that of a function which exec adds. */
async function structured() {
  const request = { messages: [{ role: 'user', content: personText }], responseFormat: person };
  if (isResponses) {
    return (await model.exec({ ...request, additionalChatOptions: { temperature: 0, tool_choice: 'required' } })).object;
  }
  return person.parse(JSON.parse((await model.chat(request)).message.content));
}

async function embeddings() {
  return await new OpenAIEmbedding({ model: vectorModel, apiKey, baseURL, maxRetries: 0 }).getTextEmbeddings(texts);
}

async function errors() {
  return {
    key: await failure(() => modelOf({ ...common, apiKey: wrongKey }).chat({ messages })),
    model: await failure(() => modelOf({ ...common, model: wrongModel }).chat({ messages })),
  };
}

await play({ chat, stream, tools, streamedTools, structured, embeddings, errors });
