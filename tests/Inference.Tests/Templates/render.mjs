// Renders [{template, context}] from standard input with Hugging Face's own engine; writes [{text}] or [{error}].
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

const cases = JSON.parse(readFileSync(0, 'utf8'));
const results = cases.map(({ template, context }) => {
  try {
    return { text: new Template(template).render(context) };
  } catch (error) {
    return { error: String(error.message) };
  }
});
process.stdout.write(JSON.stringify(results));
