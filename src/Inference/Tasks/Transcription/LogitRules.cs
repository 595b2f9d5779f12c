using System.Numerics.Tensors;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>What a Whisper model may write next.</summary>
/// <param name="timestamps">Whether the text carries times.</param>
/// <remarks>Radford and others (2022), section 2.3; the rules on times are those of the paper's published decoder.</remarks>
internal sealed class LogitRules(ModelSpeech speech, bool timestamps)
{
    private const int PartOfRow = 512;

    /// <summary>Excludes tokens from a row of logits by setting them to −∞.</summary>
    /// <param name="logits">Logits of the next token.</param>
    /// <param name="written">What was written after the prompt.</param>
    public void Apply(Span<float> logits, List<int> written)
    {
        var tokens = speech.Tokens;
        Exclude(logits, speech.Suppressed);
        if (written.Count == 0)
        {
            Exclude(logits, speech.SuppressedFirst);
        }

        logits[tokens.NoTimestamps] = float.NegativeInfinity;
        if (!timestamps)
        {
            logits[tokens.FirstTimestamp..].Fill(float.NegativeInfinity);
            return;
        }

        RestrictTimes(logits, written);

        // Times are chosen as one: together they are often likelier than any word, while none of them is.
        var text = logits[..tokens.FirstTimestamp];
        if (LogSumExp(logits[tokens.FirstTimestamp..]) > TensorPrimitives.Max<float>(text))
        {
            text.Fill(float.NegativeInfinity);
        }
    }

    /// <summary>ln Σ exp, −∞ for a row of nothing else.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var most = TensorPrimitives.Max(logits);
        if (float.IsNegativeInfinity(most))
        {
            return double.NegativeInfinity;
        }

        // In parts, whose sums are added as doubles: a row has tens of thousands of logits, at every step.
        var sum = 0.0;
        Span<float> part = stackalloc float[PartOfRow];
        for (var start = 0; start < logits.Length; start += PartOfRow)
        {
            var exponents = part[..Math.Min(PartOfRow, logits.Length - start)];
            TensorPrimitives.Subtract(logits.Slice(start, exponents.Length), most, exponents);
            TensorPrimitives.Exp(exponents, exponents);
            sum += TensorPrimitives.Sum<float>(exponents);
        }

        return most + Math.Log(sum);
    }

    /// <summary>Times come in pairs, the end of one part and the beginning of the next, and never go back.</summary>
    private void RestrictTimes(Span<float> logits, List<int> written)
    {
        var tokens = speech.Tokens;
        if (written.Count == 0)
        {
            logits[..tokens.FirstTimestamp].Fill(float.NegativeInfinity);
            logits[Math.Min(logits.Length, tokens.FirstTimestamp + speech.MostInitialTimestamp + 1)..].Fill(float.NegativeInfinity);
            return;
        }

        var last = written[^1] >= tokens.FirstTimestamp;
        var lastTwo = written.Count < 2 || written[^2] >= tokens.FirstTimestamp;
        if (last && lastTwo)
        {
            logits[tokens.FirstTimestamp..].Fill(float.NegativeInfinity);
        }
        else if (last)
        {
            logits[..tokens.End].Fill(float.NegativeInfinity);
        }

        // A part has a length: only the beginning of a next one may repeat a time.
        var latest = written.FindLast(token => token >= tokens.FirstTimestamp);
        if (latest > 0)
        {
            logits[tokens.FirstTimestamp..(last && !lastTwo ? latest : latest + 1)].Fill(float.NegativeInfinity);
        }
    }

    private static void Exclude(Span<float> logits, IReadOnlyList<int> ids)
    {
        foreach (var id in ids)
        {
            logits[id] = float.NegativeInfinity;
        }
    }
}
