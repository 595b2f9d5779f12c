using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Benchmarks.Engine;

/// <summary>What a peer is asked for. The path says what of it matters.</summary>
/// <param name="Target">One of <see cref="Targets"/> that the peer has.</param>
internal sealed record PeerOrder(string Target, int Seed, Cell? Cell = null, MixedLoad? Mixed = null);

/// <summary>A process of the comparison that generates: started alone, it loads its model when it is asked to, so that its memory before
/// is known.</summary>
internal abstract class EnginePeer : IAsyncDisposable
{
    /// <summary>Loads the model; returns the size of its vocabulary.</summary>
    public const string Load = "/load";

    /// <summary>Measures a cell: <see cref="Speed"/>.</summary>
    public const string Measure = "/measure";

    /// <summary>The tokens that a cell's first prompts are answered with: <c>int[][]</c>.</summary>
    public const string Answer = "/answer";

    /// <summary>Measures a mixed load: <see cref="MixedTimes"/>.</summary>
    public const string Mix = "/mix";

    /// <summary>Measures prompts that begin alike: <see cref="PrefixTimes"/>.</summary>
    public const string Prefix = "/prefix";

    /// <summary>JSON between the benchmark and its peers.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>One order at a time.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return; // It is only asked whether it answers.
        }

        try
        {
            var order = (await JsonSerializer.DeserializeAsync<PeerOrder>(context.Request.Body, Json, context.RequestAborted))!;
            var answer = await RunAsync(context.Request.Path.Value, order, context.RequestAborted);
            await JsonSerializer.SerializeAsync(context.Response.Body, answer, answer.GetType(), Json, context.RequestAborted);
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync(exception.ToString());
            throw;
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Seconds of CPU of this process.</summary>
    protected static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

    protected abstract Task<int> LoadAsync(CancellationToken cancellationToken);

    protected abstract Task<Speed> MeasureAsync(PeerOrder order, CancellationToken cancellationToken);

    protected abstract Task<int[][]> AnswerAsync(PeerOrder order, CancellationToken cancellationToken);

    protected abstract Task<MixedTimes> MixAsync(PeerOrder order, CancellationToken cancellationToken);

    protected virtual Task<PrefixTimes> PrefixAsync(PeerOrder order, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This peer has no cache of prefixes.");

    private async Task<object> RunAsync(string? path, PeerOrder order, CancellationToken cancellationToken) => path switch
    {
        Load => await LoadAsync(cancellationToken),
        Measure => await MeasureAsync(order, cancellationToken),
        Answer => await AnswerAsync(order, cancellationToken),
        Mix => await MixAsync(order, cancellationToken),
        Prefix => await PrefixAsync(order, cancellationToken),
        _ => throw new NotSupportedException($"A peer has no '{path}'."),
    };
}

/// <summary>Names of what is compared.</summary>
internal static class Targets
{
    /// <summary>The worker's scheduler in the process of the benchmark's peer.</summary>
    public const string Engine = "engine";

    /// <summary>The worker's own program over HTTP, streamed.</summary>
    public const string Worker = "worker";

    /// <summary>A loop over ONNX Runtime on the same graph.</summary>
    public const string Bare = "bare";

    public const string Llama = "llama.cpp";
}
