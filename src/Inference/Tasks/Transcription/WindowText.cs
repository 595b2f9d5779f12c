using System.IO.Compression;
using System.Text;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>What a model wrote about one window.</summary>
/// <param name="Tokens">Text and times, without the end.</param>
/// <param name="Logprobs">Natural logarithm of each token's probability.</param>
/// <param name="AverageLogprob">Mean over the tokens and the end.</param>
/// <param name="NoSpeech">Probability that nobody speaks.</param>
/// <param name="Temperature">At which it was written.</param>
internal sealed record WindowText(
    IReadOnlyList<int> Tokens, IReadOnlyList<float> Logprobs, double AverageLogprob, double NoSpeech, double Temperature)
{
    private const double LeastLogprob = -1;
    private const double MostNoSpeech = 0.6;
    private const double MostCompression = 2.4;

    /// <summary>Whether the model heard nobody.</summary>
    public bool IsSilent => NoSpeech > MostNoSpeech && AverageLogprob < LeastLogprob;

    /// <summary>Whether it is too unsure or repeats itself, so that another temperature is worth a try.</summary>
    public bool IsDoubtful(double compression) => !IsSilent && (AverageLogprob < LeastLogprob || compression > MostCompression);

    /// <summary>How much a text shrinks when it is compressed: its length over that of its zlib form. Text that repeats itself has a high
    /// value.</summary>
    public static double MeasureCompression(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return bytes.Length == 0 ? 0 : (double)bytes.Length / packed.Length;
    }

    /// <summary>The text of tokens, without times. Bytes are joined before they are read as UTF-8, because a character may span
    /// tokens.</summary>
    public static string Decode(ITokenizer tokenizer, IEnumerable<int> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            bytes.AddRange(tokenizer.TokenBytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
