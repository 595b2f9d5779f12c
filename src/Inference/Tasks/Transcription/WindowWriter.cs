using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>How the text of a window is written.</summary>
/// <param name="Prompt">Tokens before the text; the start token is among them.</param>
/// <param name="Timestamps">Whether the text carries times.</param>
/// <param name="Temperature">The only temperature; null or 0 for greedy, with others when the result is doubtful.</param>
/// <param name="Seed">Equal seeds give equal texts.</param>
internal sealed record WindowPlan(int[] Prompt, bool Timestamps, double? Temperature, int Seed);

/// <summary>
/// Writes the text of one window a token at a time: greedily first, then at rising temperatures while the result is doubtful. Its caller
/// runs the steps, alone or with those of other windows. One thread at a time.
/// </summary>
/// <param name="hidden">What the encoder gave; disposed with the writer.</param>
internal sealed class WindowWriter(
    WhisperSessions sessions, ModelSpeech speech, ITokenizer tokenizer, OrtValue hidden, WindowPlan plan) : IDisposable
{
    private static readonly double[] Ladder = [0, 0.2, 0.4, 0.6, 0.8, 1];

    private readonly double[] _ladder = plan.Temperature is { } given and > 0 ? [given] : Ladder;
    private readonly LogitRules _rules = new(speech, plan.Timestamps);
    private readonly float[] _logits = new float[speech.Vocabulary];
    private readonly List<int> _tokens = [];
    private readonly List<float> _logprobs = [];
    private DecoderRow? _row;
    private Random _random = new(0);
    private double _sum;
    private double _noSpeech;
    private int _attempt;

    /// <summary>The text; null until it is written.</summary>
    public WindowText? Text { get; private set; }

    /// <summary>Whether <see cref="Begin"/> is to be called before the next step.</summary>
    public bool MustBegin => Text is null && _row is null;

    /// <summary>Its caches, between <see cref="Begin"/> and the end of the text.</summary>
    public DecoderRow Row => _row!;

    /// <summary>The token that the next step reads.</summary>
    public int Next => _tokens[^1];

    private double Temperature => _ladder[_attempt];

    /// <summary>Reads the prompt and chooses the first token.</summary>
    public void Begin()
    {
        _tokens.Clear();
        _logprobs.Clear();
        (_sum, _random) = (0, new Random(HashCode(plan.Seed, Temperature)));
        _row = sessions.Begin(hidden, plan.Prompt, out var read);
        using (read)
        {
            var logits = read.GetTensorDataAsSpan<float>();
            var start = logits.Slice(Array.IndexOf(plan.Prompt, speech.Tokens.Start) * speech.Vocabulary, speech.Vocabulary);
            _noSpeech = Math.Exp(start[speech.Tokens.NoSpeech] - LogitRules.LogSumExp(start));
            Accept(logits[^speech.Vocabulary..]);
        }
    }

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">What a step gave.</param>
    /// <exception cref="InvalidOperationException">They are not finite.</exception>
    public void Accept(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        _rules.Apply(_logits, _tokens);
        var token = Temperature == 0 ? TensorPrimitives.IndexOfMax<float>(_logits) : Draw();
        var logprob = _logits[token] - LogitRules.LogSumExp(_logits);
        if (double.IsNaN(logprob))
        {
            throw new InvalidOperationException("The decoder's logits are not finite.");
        }

        _sum += logprob;
        if (token != speech.Tokens.End)
        {
            _tokens.Add(token);
            _logprobs.Add((float)logprob);
        }

        if (token == speech.Tokens.End || _tokens.Count == Math.Min(speech.Positions / 2, speech.Positions - plan.Prompt.Length))
        {
            EndAttempt();
        }
    }

    public void Dispose()
    {
        _row?.Dispose();
        hidden.Dispose();
    }

    private static int HashCode(int seed, double temperature) => (seed * 31) + (int)(temperature * 100);

    private void EndAttempt()
    {
        _row?.Dispose();
        _row = null;
        var text = new WindowText([.. _tokens], [.. _logprobs], _sum / (_tokens.Count + 1), _noSpeech, Temperature);
        if (_attempt + 1 < _ladder.Length && text.IsDoubtful(WindowText.MeasureCompression(WindowText.Decode(tokenizer, _tokens))))
        {
            _attempt++;
            return;
        }

        Text = text;
    }

    /// <summary>Draws a token with a probability that grows with exp(logit / temperature).</summary>
    private int Draw()
    {
        var most = TensorPrimitives.Max<float>(_logits);
        var weights = Array.ConvertAll(_logits, logit => Math.Exp((logit - most) / Temperature));
        var left = _random.NextDouble() * TensorPrimitives.Sum<double>(weights);
        for (var token = 0; token < weights.Length; token++)
        {
            left -= weights[token];
            if (left < 0)
            {
                return token;
            }
        }

        return TensorPrimitives.IndexOfMax<float>(_logits); // Rounding ate the rest.
    }
}
