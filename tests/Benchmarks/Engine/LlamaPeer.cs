using Tollgate.Testing;

namespace Tollgate.Benchmarks.Engine;

/// <summary>llama.cpp on a GGUF file.</summary>
internal sealed class LlamaPeer(string file, int threads) : EnginePeer
{
    /// <summary>Where npm puts the library.</summary>
    public static readonly string Folder = Path.Combine(
        SharedFiles.Repository, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");

    private nint _model;
    private LlamaStreams? _streams;
    private (int Sequences, int Length) _size;

    /// <summary>Whether npm has installed it. Loads nothing.</summary>
    public static bool IsInstalled => Directory.Exists(Folder);

    public override async ValueTask DisposeAsync()
    {
        if (_streams is not null)
        {
            await _streams.DisposeAsync();
        }

        LlamaStreams.FreeModel(_model);
    }

    protected override async Task<int> LoadAsync(CancellationToken cancellationToken)
    {
        _model = LlamaStreams.LoadModel(file);
        return (await FitAsync(Cell.MostStreams, Cell.MostLength)).Vocabulary;
    }

    protected override async Task<Speed> MeasureAsync(PeerOrder order, CancellationToken cancellationToken)
    {
        var streams = await FitAsync(Cell.MostStreams, Cell.MostLength);
        return await order.Cell!.MeasureAsync(streams.Vocabulary, order.Seed, streams, Processor, cancellationToken);
    }

    protected override async Task<int[][]> AnswerAsync(PeerOrder order, CancellationToken cancellationToken)
    {
        var streams = await FitAsync(Cell.MostStreams, Cell.MostLength);
        return await Task.WhenAll(order.Cell!.Prompts(streams.Vocabulary, order.Seed, repeat: 0).Select(
            ids => streams.AnswerAsync(new Prompt(ids, order.Cell.Tokens, Prompt.Quiet), came: null, cancellationToken)));
    }

    protected override async Task<MixedTimes> MixAsync(PeerOrder order, CancellationToken cancellationToken)
    {
        var streams = await FitAsync(order.Mixed!.Streams, order.Mixed.MostLength);
        return await order.Mixed.MeasureAsync(streams.Vocabulary, order.Seed, streams, cancellationToken);
    }

    /// <summary>Its memory for keys and values is made for one number and length of sequences.</summary>
    private async Task<LlamaStreams> FitAsync(int sequences, int length)
    {
        if (_streams is not null && _size == (sequences, length))
        {
            return _streams;
        }

        if (_streams is not null)
        {
            await _streams.DisposeAsync();
        }

        _size = (sequences, length);
        return _streams = new LlamaStreams(_model, threads, sequences, length);
    }
}
