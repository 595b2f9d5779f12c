// Draws with OpenAI's own client: {url, key} from standard input; writes what it got, whole and streamed.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { url, key } = JSON.parse(readFileSync(0, 'utf8'));
const client = new OpenAI({ baseURL: `${url}v1`, apiKey: key, maxRetries: 0 });
const wanted = { model: 'tiny-painter', prompt: 'a red house on green grass', output_format: 'webp', seed: 5 };
const drawn = await client.images.generate({ ...wanted, n: 2 });
const stream = await client.images.generate({ ...wanted, stream: true, partial_images: 2 });
const events = [];
for await (const event of stream) {
  events.push({ type: event.type, index: event.partial_image_index ?? null, picture: event.b64_json });
}

let refused = null;
try {
  await client.images.generate({ ...wanted, size: '1024x1024' });
} catch (error) {
  refused = { name: error.constructor.name, status: error.status, param: error.param, message: error.message };
}

process.stdout.write(JSON.stringify({
  size: drawn.size, format: drawn.output_format, usage: drawn.usage, pictures: drawn.data.map((picture) => picture.b64_json), events,
  refused,
}));
