// Runs a graph with one input and one output in onnxruntime-node.
// {model, shape, numbers} from standard input, numbers as base64 of little-endian float32; writes {shape, numbers}.
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { model, shape, numbers } = JSON.parse(readFileSync(0, 'utf8'));
const session = await InferenceSession.create(model);
const bytes = Buffer.from(numbers, 'base64');
const input = new Tensor('float32', new Float32Array(new Uint8Array(bytes).buffer), shape);
const output = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
const data = Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength);
process.stdout.write(JSON.stringify({ shape: output.dims, numbers: data.toString('base64') }));
