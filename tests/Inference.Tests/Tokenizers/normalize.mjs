// Writes the composed form (NFC) of each text from standard input.
import { readFileSync } from 'node:fs';

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map((text) => text.normalize('NFC'))));
