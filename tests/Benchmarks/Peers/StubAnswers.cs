using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;

namespace Tollgate.Benchmarks.Peers;

/// <summary>The bytes of the stub worker's answers, as large as a real worker's.</summary>
internal static class StubAnswers
{
    private const string Head = "\"id\":\"chatcmpl-019ab3f2c4d57e0f8a1b2c3d4e5f6071\",\"object\":\"chat.completion";
    private const string Tail =
        "\"created\":1764000000,\"model\":\"bench\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\"";
    private static readonly ConcurrentDictionary<int, byte[]> WholeAnswers = new();

    private static readonly byte[] Before = Encoding.ASCII.GetBytes(
        "\ndata: {" + Head + ".chunk\"," + Tail + ",\"choices\":[{\"index\":0,\"delta\":{");

    /// <summary>An answer in one piece with <paramref name="tokens"/> words.</summary>
    public static byte[] Whole(int promptTokens, int tokens) => WholeAnswers.GetOrAdd(tokens, count => Encoding.ASCII.GetBytes(
        "{" + Head + "\"," + Tail + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
        + string.Join(' ', Enumerable.Repeat("word", count))
        + "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"length\"}],\"usage\":{"
        + $"\"prompt_tokens\":{promptTokens},\"completion_tokens\":{count},\"total_tokens\":{promptTokens + count},"
        + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,"
        + "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}"));

    public static void WriteStart(PipeWriter output) =>
        WriteEvent(output, 0, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null"u8, null);

    /// <summary>One token; its text is a space and the moment of its writing in nanoseconds.</summary>
    public static void WriteToken(PipeWriter output, int count, long writtenAt) =>
        WriteEvent(output, count, "\"content\":\" "u8, writtenAt);

    public static void WriteEnd(PipeWriter output, int count)
    {
        WriteId(output, count);
        output.Write(Before);
        output.Write("},\"logprobs\":null,\"finish_reason\":\"length\"}]}\n\nid: "u8);
        WriteNumber(output, count);
        output.Write("\ndata: [DONE]\n\n"u8);
    }

    private static void WriteEvent(PipeWriter output, int count, ReadOnlySpan<byte> delta, long? writtenAt)
    {
        WriteId(output, count);
        output.Write(Before);
        output.Write(delta);
        if (writtenAt is { } moment)
        {
            WriteNumber(output, moment);
            output.Write("\""u8);
        }

        output.Write("},\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8);
    }

    private static void WriteId(PipeWriter output, int count)
    {
        output.Write("id: "u8);
        WriteNumber(output, count);
    }

    private static void WriteNumber(PipeWriter output, long number)
    {
        var span = output.GetSpan(20);
        Utf8Formatter.TryFormat(number, span, out var length);
        output.Advance(length);
    }
}
