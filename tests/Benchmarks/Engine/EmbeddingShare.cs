using System.Diagnostics;
using System.Net.Http.Json;
using Tollgate.Benchmarks.Memory;

namespace Tollgate.Benchmarks.Engine;

/// <summary>An encoder and a decoder of one worker, each alone and both at once.</summary>
/// <param name="RowsAlone">Texts a second that become vectors, without streams.</param>
/// <param name="RowsBeside">The same beside streams.</param>
/// <param name="TokensAlone">Tokens a second of the streams, without texts.</param>
/// <param name="TokensBeside">The same beside texts.</param>
internal sealed record EmbeddingShare(double RowsAlone, double RowsBeside, double TokensAlone, double TokensBeside)
{
    private const int Streams = 8;
    private const int Callers = 4;
    private const int Texts = 16;
    private static readonly string[] Words = "the plane was late and nobody knew why it had not left the town by night".Split(' ');

    public static async Task<EmbeddingShare> MeasureAsync(
        MeasuredWorker worker, IStreams decoder, string encoder, int vocabulary, int seed, TimeSpan window,
        CancellationToken cancellationToken)
    {
        var (rows, _) = await CountAsync(withTexts: true, withStreams: false);
        var (_, tokens) = await CountAsync(withTexts: false, withStreams: true);
        var (rowsBeside, tokensBeside) = await CountAsync(withTexts: true, withStreams: true);
        return new EmbeddingShare(rows, rowsBeside, tokens, tokensBeside);

        async Task<(double Rows, double Tokens)> CountAsync(bool withTexts, bool withStreams)
        {
            var (read, generated, drawn) = (0, 0, 0);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var callers = Enumerable.Range(0, withTexts ? Callers : 0).Select(_ => RepeatAsync(async () =>
            {
                await EmbedAsync(worker, encoder, Interlocked.Increment(ref drawn) + (seed * 1000), over.Token);
                Interlocked.Add(ref read, Texts);
            }));
            var streams = Enumerable.Range(0, withStreams ? Streams : 0).Select(_ => RepeatAsync(() => decoder.RunAsync(
                new Prompt(
                    Prompt.Draw(Cell.PromptTokens, vocabulary, Interlocked.Increment(ref drawn) + (seed * 1000)), 96, Prompt.Quiet),
                () => Interlocked.Increment(ref generated), over.Token)));
            var all = callers.Concat(streams).ToArray();
            await Task.Delay(window / 4, cancellationToken); // Until all of them run.
            var (rowsBefore, tokensBefore, started) = (Volatile.Read(ref read), Volatile.Read(ref generated), Stopwatch.GetTimestamp());
            await Task.Delay(window, cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var counted = ((Volatile.Read(ref read) - rowsBefore) / seconds, (Volatile.Read(ref generated) - tokensBefore) / seconds);
            await over.CancelAsync();
            await Task.WhenAll(all);
            return counted;

            async Task RepeatAsync(Func<Task> work)
            {
                try
                {
                    while (true)
                    {
                        await work();
                    }
                }
                catch (OperationCanceledException) when (over.IsCancellationRequested)
                {
                }
            }
        }
    }

    /// <summary>Texts of 4 to 60 words.</summary>
    public static async Task EmbedAsync(MeasuredWorker worker, string encoder, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        using var answer = await worker.Http.PostAsJsonAsync(
            "/v1/embeddings",
            new
            {
                model = encoder,
                input = Enumerable.Range(0, Texts).Select(_ => string.Join(
                    ' ', Enumerable.Range(0, random.Next(4, 61)).Select(_ => Words[random.Next(Words.Length)]))),
                encoding_format = "base64",
            },
            cancellationToken);
        answer.EnsureSuccessStatusCode();
        await answer.Content.CopyToAsync(Stream.Null, cancellationToken);
    }
}
