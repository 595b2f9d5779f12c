// What every client of the matrix is asked, and how its answers are printed; the C# tests judge them.
// TOLLGATE_API  base address with /v1     TOLLGATE_KEY  a key
import { z } from 'zod';

export const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey } = process.env;
export const chatModel = 'tiny-assistant';
export const vectorModel = 'tiny-embed';
export const wrongKey = 'sk-tg-wrong';
export const wrongModel = 'no-such-model';
export const maxTokens = 60; // The model's context has 512 tokens; schemas of functions take a part of them.

export const question = 'What is the capital of France?';
export const toolQuestion = "What's the weather in Lisbon?";
export const personText = 'Extract name and age: Marta is 41 years old and lives in Turin. Answer in JSON.';
export const texts = ['How do I change my password?', 'My dog is ill'];

/** A function that the model was trained on. */
export const weather = {
  name: 'get_weather',
  description: 'Get the current weather in a city',
  arguments: z.object({ city: z.string().describe('Name of the city') }),
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'Name of the city' } },
    required: ['city'],
    additionalProperties: false,
  },

  /** The schema as the model's training has it, so that it calls without being made to. */
  trained: {
    type: 'object', properties: { city: { type: 'string', description: 'Name of the city' } }, required: ['city'],
  },
};

/** What the function gives for every city. */
export const report = { temperature: 21, condition: 'sunny' };

/** Without the city, which the model writes where nothing keeps it from that. */
export const person = z.strictObject({ name: z.string(), age: z.number().int() });

/** What a client throws, in plain members; null when it throws nothing. */
export async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return describe(error);
  }
}

/** The text of a stream and the number of its pieces. */
export async function gather(pieces) {
  const seen = [];
  for await (const piece of pieces) {
    if (piece) {
      seen.push(piece);
    }
  }
  return { text: seen.join(''), pieces: seen.length };
}

/** Runs the client's abilities one after another and prints what each gave; one that throws does not keep the others from running. */
export async function play(abilities) {
  const results = {};
  for (const [name, ability] of Object.entries(abilities)) {
    try {
      results[name] = await ability();
    } catch (error) {
      results[name] = { thrown: { ...describe(error), stack: String(error.stack) } };
    }
  }
  console.log(JSON.stringify(results));
}

function describe(error) {
  return { class: error.constructor.name, status: error.status ?? error.statusCode ?? null, message: error.message };
}
