// Runs a graph once. in: {model, input: {name, shape, data: base64 of float32}}; out: base64 of the first output's float32
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { model, input } = JSON.parse(readFileSync(0, 'utf8'));
const bytes = Buffer.from(input.data, 'base64');
const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
const outputs = await session.run({ [input.name]: new Tensor('float32', numbers, input.shape) });
const first = outputs[session.outputNames[0]].data;
process.stdout.write(JSON.stringify(Buffer.from(first.buffer, first.byteOffset, first.byteLength).toString('base64')));
