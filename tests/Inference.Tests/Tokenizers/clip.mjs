// Encodes {vocab, merges, texts} from standard input as CLIP's converted tokenizer does, with Hugging Face's own library, without the
// frame; writes [[id, …], …].
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const { vocab, merges, texts } = JSON.parse(readFileSync(0, 'utf8'));
const pattern = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
const encoder = new Tokenizer({
  version: '1.0',
  added_tokens: [],
  normalizer: {
    type: 'Sequence',
    normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: null,
  model: {
    type: 'BPE', dropout: null, unk_token: '<|endoftext|>', continuing_subword_prefix: '', end_of_word_suffix: '</w>', fuse_unk: false,
    vocab, merges: merges.map((merge) => merge.split(' ')),
  },
}, {});
process.stdout.write(JSON.stringify(texts.map((text) => encoder.encode(text, { add_special_tokens: false }).ids)));
