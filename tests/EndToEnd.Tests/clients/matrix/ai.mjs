// Vercel's AI SDK, as scene.mjs says. The argument is the wire: responses, which is its default, or chat.
import { createOpenAI } from '@ai-sdk/openai';
import { embedMany, generateText, isStepCount, Output, streamText, tool } from 'ai';
import {
  apiKey, baseURL, chatModel, failure, gather, maxTokens, person, personText, play, question, report, texts, toolQuestion, vectorModel,
  weather, wrongKey, wrongModel,
} from './scene.mjs';

const provider = createOpenAI({ baseURL, apiKey });
const modelOf = (from, name) => (process.argv[2] === 'chat' ? from.chat(name) : from(name));
const common = { model: modelOf(provider, chatModel), temperature: 0, maxOutputTokens: maxTokens, maxRetries: 0 };
const { name, description, arguments: inputSchema } = weather;

/** Calls until the model answers in words; only the first step has to call. */
const withTool = {
  ...common,
  tools: { [name]: tool({ description, inputSchema, execute: () => report }) },
  stopWhen: isStepCount(3),
  prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'auto' }),
  prompt: toolQuestion,
};

async function chat() {
  const { text, usage } = await generateText({ ...common, prompt: question });
  return { text, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
}

/** Reads a stream by a function. The SDK gives its errors to onError alone; here they are thrown. */
async function streamed(options, read) {
  let failed = null;
  const onError = ({ error }) => {
    failed ??= error;
  };
  const seen = await read(streamText({ ...options, onError })).catch((error) => failed ??= error);
  if (failed !== null) {
    throw failed;
  }
  return seen;
}

async function stream() {
  return await streamed({ ...common, prompt: question }, (result) => gather(result.textStream));
}

function seen(steps, answer) {
  const [call] = steps[0].toolCalls;
  return { name: call.toolName, arguments: call.input, answer };
}

async function tools() {
  const { steps, text } = await generateText(withTool);
  return seen(steps, text);
}

async function streamedTools() {
  return await streamed(withTool, async (result) => {
    await result.consumeStream();
    return seen(await result.steps, await result.text);
  });
}

async function structured() {
  return (await generateText({ ...common, prompt: personText, output: Output.object({ schema: person }) })).output;
}

async function embeddings() {
  return (await embedMany({ model: provider.embedding(vectorModel), values: texts, maxRetries: 0 })).embeddings;
}

async function errors() {
  const wrong = createOpenAI({ baseURL, apiKey: wrongKey });
  return {
    key: await failure(() => generateText({ ...common, model: modelOf(wrong, chatModel), prompt: question })),
    model: await failure(() => generateText({ ...common, model: modelOf(provider, wrongModel), prompt: question })),
  };
}

await play({ chat, stream, tools, streamedTools, structured, embeddings, errors });
