// Scores documents by a query with a cross-encoder in onnxruntime-node and Hugging Face's own tokenizer.
// {model, tokenizer, context, query, documents} from standard input; writes [{ids, types, score}, …].
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Tokenizer } from '@huggingface/tokenizers';

const { model, tokenizer, context, query, documents } = JSON.parse(readFileSync(0, 'utf8'));
const encoder = new Tokenizer(tokenizer, {});
const session = await InferenceSession.create(model);
const tensor = (numbers) => new Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
const results = [];
for (const document of documents) {
  const pair = encoder.encode(query, { text_pair: document, add_special_tokens: true, return_token_type_ids: true });
  let [ids, types] = [[...pair.ids], [...pair.token_type_ids]];
  if (ids.length > context) { // only_second: the end of the document goes, the last mark stays
    [ids, types] = [ids, types].map((all) => [...all.slice(0, context - 1), all.at(-1)]);
  }
  const { logits } = await session.run({
    input_ids: tensor(ids), attention_mask: tensor(ids.map(() => 1)), token_type_ids: tensor(types),
  });
  results.push({ ids, types, score: 1 / (1 + Math.exp(-logits.data[0])) });
}
process.stdout.write(JSON.stringify(results));
