// Writes the graph model of nsfwjs, which its package keeps in scripts, as a folder of files: {folder} from standard input.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { folder } = JSON.parse(readFileSync(0, 'utf8'));
const models = join(dirname(require.resolve('nsfwjs')), '..', 'models', 'mobilenet_v2_mid');
const model = require(join(models, 'model.min.js'));
writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
for (const name of model.weightsManifest.flatMap(group => group.paths)) {
  writeFileSync(join(folder, name), Buffer.from(require(join(models, `${name}.min.js`)), 'base64'));
}

process.stdout.write('{}');
