using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Writes the text of one window: greedily first, then at rising temperatures while the result is doubtful. One thread.</summary>
/// <param name="hidden">What the encoder gave.</param>
internal sealed class WindowDecoder(WhisperSessions sessions, ModelSpeech speech, ITokenizer tokenizer, OrtValue hidden)
{
    private static readonly double[] Ladder = [0, 0.2, 0.4, 0.6, 0.8, 1];

    /// <summary>The language that is most likely spoken.</summary>
    /// <returns>Its token.</returns>
    public int DetectLanguage()
    {
        using var steps = sessions.Begin(hidden);
        var logits = steps.Run([speech.Tokens.Start]);
        var best = -1;
        foreach (var token in speech.Languages.Values)
        {
            best = best < 0 || logits[token] > logits[best] ? token : best;
        }

        return best;
    }

    /// <param name="prompt">Tokens before the text; the start token is among them.</param>
    /// <param name="temperature">The only temperature; null or 0 for greedy, with others when the result is doubtful.</param>
    /// <param name="seed">Equal seeds give equal texts.</param>
    /// <exception cref="OperationCanceledException">It was cancelled between two steps.</exception>
    public WindowText Write(
        int[] prompt, bool timestamps, double? temperature, int seed, CancellationToken cancellationToken)
    {
        double[] ladder = temperature is { } given and > 0 ? [given] : Ladder;
        WindowText? best = null;
        foreach (var step in ladder)
        {
            best = WriteAt(prompt, timestamps, step, new Random(HashCode(seed, step)), cancellationToken);
            var text = WindowText.Decode(tokenizer, best.Tokens);
            if (!best.IsDoubtful(WindowText.MeasureCompression(text)))
            {
                break;
            }
        }

        return best!;
    }

    private static int HashCode(int seed, double temperature) => (seed * 31) + (int)(temperature * 100);

    private WindowText WriteAt(
        int[] prompt, bool timestamps, double temperature, Random random, CancellationToken cancellationToken)
    {
        var rules = new LogitRules(speech, timestamps);
        var (tokens, logprobs) = (new List<int>(), new List<float>());
        var (sum, noSpeech) = (0.0, 0.0);
        var most = Math.Min(speech.Positions / 2, speech.Positions - prompt.Length);
        using var steps = sessions.Begin(hidden);
        var row = new float[speech.Vocabulary];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var logits = steps.Run(tokens.Count == 0 ? prompt : [tokens[^1]]);
            if (tokens.Count == 0)
            {
                var start = logits.Slice(Array.IndexOf(prompt, speech.Tokens.Start) * speech.Vocabulary, speech.Vocabulary);
                noSpeech = Math.Exp(start[speech.Tokens.NoSpeech] - LogitRules.LogSumExp(start));
            }

            logits[^speech.Vocabulary..].CopyTo(row);
            rules.Apply(row, tokens);
            var token = temperature == 0 ? TensorPrimitives.IndexOfMax<float>(row) : Draw(row, temperature, random);
            var logprob = row[token] - LogitRules.LogSumExp(row);
            if (double.IsNaN(logprob))
            {
                throw new InvalidOperationException("The decoder's logits are not finite.");
            }

            sum += logprob;
            if (token == speech.Tokens.End)
            {
                break;
            }

            tokens.Add(token);
            logprobs.Add((float)logprob);
            if (tokens.Count == most)
            {
                break;
            }
        }

        return new WindowText(tokens, logprobs, sum / (tokens.Count + 1), noSpeech, temperature);
    }

    /// <summary>Draws a token with a probability that grows with exp(logit / temperature).</summary>
    private static int Draw(float[] logits, double temperature, Random random)
    {
        var most = TensorPrimitives.Max<float>(logits);
        var weights = Array.ConvertAll(logits, logit => Math.Exp((logit - most) / temperature));
        var left = random.NextDouble() * TensorPrimitives.Sum<double>(weights);
        for (var token = 0; token < weights.Length; token++)
        {
            left -= weights[token];
            if (left < 0)
            {
                return token;
            }
        }

        return TensorPrimitives.IndexOfMax<float>(logits); // Rounding ate the rest.
    }
}
