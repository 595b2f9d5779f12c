// Ranks documents with both of Cohere's npm clients and with a call of Jina's form; prints the answers as one JSON object.
// TOLLGATE_ROOT  address without a path     TOLLGATE_KEY  a key     TOLLGATE_MODEL  a model that ranks
import { CohereClient, CohereClientV2 } from 'cohere-ai';

const { TOLLGATE_ROOT: root, TOLLGATE_KEY: key, TOLLGATE_MODEL: model } = process.env;
const query = 'How do I change my password?';
const documents = ['Invoices are sent monthly.', 'Open Settings and choose a new password.', 'The gate is closed.'];

const client = new CohereClientV2({ token: key, environment: root, maxRetries: 0 });
const first = new CohereClient({ token: key, environment: root, maxRetries: 0 }); // Calls /v1/rerank.
const jina = await fetch(`${root}/v1/rerank`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  body: JSON.stringify({ model, query, documents: documents.map((text) => ({ text })), top_n: 2, return_documents: true }),
});
let refusal = null;
try {
  await client.rerank({ model, query, documents, topN: 0 });
} catch (error) {
  refusal = { status: error.statusCode, body: error.body };
}

console.log(JSON.stringify({
  cohere: await client.rerank({ model, query, documents, topN: 2 }),
  cohereV1: await first.rerank({ model, query, documents: documents.map((text) => ({ text })), topN: 2, returnDocuments: true }),
  jina: { status: jina.status, requestId: jina.headers.get('x-request-id'), ...(await jina.json()) },
  refusal,
}));
