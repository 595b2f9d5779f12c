// Sends, lists, reads and deletes files with the official npm client and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API   base address with /v1     TOLLGATE_KEY   a key     TOLLGATE_FILE  a file of examples
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import OpenAI, { toFile } from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_KEY: apiKey, TOLLGATE_FILE: path } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
const bytes = readFileSync(path);
const made = [];
for (const purpose of ['fine-tune', 'evals', 'user_data', 'fine-tune', 'user_data']) {
  made.push(await client.files.create({ file: createReadStream(path), purpose }));
}
const expiring = await client.files.create({
  purpose: 'user_data', file: await toFile(Buffer.from('x'), 'x.txt'), expires_after: { anchor: 'created_at', seconds: 3600 },
});
const listed = [];
for await (const file of client.files.list({ limit: 2, order: 'asc' })) {
  listed.push(file.id);
}
const content = Buffer.from(await (await client.files.content(made[0].id)).arrayBuffer());
const half = Math.floor(bytes.length / 2);
const upload = await client.uploads.create({ bytes: bytes.length, filename: 'big.jsonl', mime_type: 'text/jsonl', purpose: 'fine-tune' });
const second = await client.uploads.parts.create(upload.id, { data: await toFile(bytes.subarray(half), 'b') });
const first = await client.uploads.parts.create(upload.id, { data: await toFile(bytes.subarray(0, half), 'a') });
const completed = await client.uploads.complete(upload.id, {
  part_ids: [first.id, second.id], md5: createHash('md5').update(bytes).digest('hex'),
});
const assembled = Buffer.from(await (await client.files.content(completed.file.id)).arrayBuffer());
const other = await client.uploads.create({ bytes: 1, filename: 'a', mime_type: 'text/plain', purpose: 'batch' });
const cancelled = await client.uploads.cancel(other.id);
const deleted = await client.files.delete(made[0].id);
console.log(JSON.stringify({
  made, expiring, listed, contentHash: hash(content), bytesHash: hash(bytes), upload, completed, assembledHash: hash(assembled),
  cancelled, deleted,
  gone: await failure(() => client.files.retrieve(made[0].id)),
  vision: await failure(() => client.files.create({ file: createReadStream(path), purpose: 'vision' })),
  limit: await failure(() => client.files.list({ limit: 10001 })),
}));
