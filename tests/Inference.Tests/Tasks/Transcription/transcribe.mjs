// Transcribes one recording through OpenAI's client in every format, and as a stream.
// in: {url, bearer, file: base64}   out: {json, text, srt, vtt, verbose, deltas, done, refused}
import OpenAI, { toFile } from 'openai';

let input = '';
for await (const chunk of process.stdin) input += chunk;
const { url, bearer, file } = JSON.parse(input);
const client = new OpenAI({ baseURL: url, apiKey: bearer, maxRetries: 0 });
const ask = async (options) => client.audio.transcriptions.create(
  { model: 'tiny-whisper', file: await toFile(Buffer.from(file, 'base64'), 'speech.wav'), ...options });

const result = {};
for (const format of ['json', 'text', 'srt', 'vtt']) result[format] = await ask({ response_format: format });
result.verbose = await ask({ response_format: 'verbose_json', timestamp_granularities: ['segment'] });
result.deltas = [];
for await (const event of await ask({ stream: true })) {
  if (event.type === 'transcript.text.delta') result.deltas.push(event.delta);
  else result.done = event;
}
try {
  await ask({ response_format: 'verbose_json', timestamp_granularities: ['word'] });
} catch (error) {
  result.refused = { status: error.status, param: error.param };
}
process.stdout.write(JSON.stringify(result));
