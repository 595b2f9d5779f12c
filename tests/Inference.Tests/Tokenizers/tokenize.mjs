// Encodes {tokenizer, texts} from standard input with Hugging Face's own tokenizer; writes [[id, …], …].
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const { tokenizer, texts, special } = JSON.parse(readFileSync(0, 'utf8'));
const encoder = new Tokenizer(tokenizer, {});
process.stdout.write(JSON.stringify(texts.map((text) => encoder.encode(text, { add_special_tokens: special }).ids)));
