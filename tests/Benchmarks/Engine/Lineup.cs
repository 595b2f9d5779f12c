using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Memory;
using Tollgate.Benchmarks.Peers;
using Tollgate.Inference.Import;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Engine;

/// <summary>A decoder in one precision as it lies on disk.</summary>
/// <param name="File">GGUF, which llama.cpp loads and from which ours was imported.</param>
/// <param name="Installed">Folder of the imported model.</param>
internal sealed record PreparedDecoder(string Precision, string File, string Installed)
{
    public const string Name = "measured";
}

/// <summary>All targets on one decoder with one number of threads, each a process that has the model in memory.</summary>
internal sealed class Lineup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly PreparedDecoder _decoder;
    private readonly string _repository;
    private readonly MeasuredWorker _worker;
    private readonly PeerProcess _ours;
    private readonly PeerProcess? _llama;
    private readonly WorkerStreams _streams;
    private readonly long _workerEmpty;
    private readonly long _llamaEmpty;
    private int _vocabulary;

    private Lineup(PreparedDecoder decoder, string repository, MeasuredWorker worker, PeerProcess ours, PeerProcess? llama)
    {
        (_decoder, _repository, _worker, _ours, _llama) = (decoder, repository, worker, ours, llama);
        _streams = new WorkerStreams(worker, PreparedDecoder.Name);
        _workerEmpty = ProcessFigures.ResidentBytes(worker.Id);
        _llamaEmpty = llama is null ? 0 : ProcessFigures.ResidentBytes(llama.Id);
    }

    public string Precision => _decoder.Precision;

    /// <summary>Names of what can be measured.</summary>
    public IReadOnlyList<string> Names =>
        _llama is null ? [Targets.Engine, Targets.Worker, Targets.Bare] : [Targets.Engine, Targets.Worker, Targets.Bare, Targets.Llama];

    /// <summary>Those that can be measured under a mixed load.</summary>
    public IReadOnlyList<string> Mixable => _llama is null ? [Targets.Engine] : [Targets.Engine, Targets.Llama];

    public static async Task<Lineup> StartAsync(PreparedDecoder decoder, int threads, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(
            Path.Combine(Path.GetDirectoryName(decoder.File)!, $"{decoder.Precision}-{threads}")).FullName;
        var repository = Directory.CreateDirectory(Path.Combine(folder, "models")).FullName;
        var worker = new MeasuredWorker(folder, repository, number: 1, threads);
        await worker.StartAsync();
        var ours = await PeerProcess.StartAsync(PeerHost.Ours, repository, threads, folder);
        var llama = LlamaPeer.IsInstalled ? await PeerProcess.StartAsync(PeerHost.Llama, decoder.File, threads, folder) : null;
        var lineup = new Lineup(decoder, repository, worker, ours, llama);
        Directory.Move(decoder.Installed, Path.Combine(repository, PreparedDecoder.Name));
        await worker.WaitForAnswerAsync(PreparedDecoder.Name, Patience);
        var load = new PeerOrder("", Seed: 0);
        lineup._vocabulary = await ours.AskAsync<int>(EnginePeer.Load, load, cancellationToken);
        if (llama is not null)
        {
            await llama.AskAsync<int>(EnginePeer.Load, load, cancellationToken);
        }

        return lineup;
    }

    public Task<Speed> MeasureAsync(string target, Cell cell, int seed, CancellationToken cancellationToken) => target == Targets.Worker
        ? cell.MeasureAsync(_vocabulary, seed, _streams, () => ProcessFigures.CpuSeconds(_worker.Id), cancellationToken)
        : PeerOf(target).AskAsync<Speed>(EnginePeer.Measure, new PeerOrder(target, seed, cell), cancellationToken);

    public Task<MixedTimes> MixAsync(string target, MixedLoad load, int seed, CancellationToken cancellationToken) =>
        PeerOf(target).AskAsync<MixedTimes>(EnginePeer.Mix, new PeerOrder(target, seed, Mixed: load), cancellationToken);

    public Task<PrefixTimes> PrefixAsync(int seed, CancellationToken cancellationToken) =>
        _ours.AskAsync<PrefixTimes>(EnginePeer.Prefix, new PeerOrder(Targets.Engine, seed), cancellationToken);

    /// <summary>Lets all targets answer the same prompts.</summary>
    /// <returns>Share of the engine's tokens that llama.cpp gives too, up to the first other one of each answer; null without it.</returns>
    /// <exception cref="InvalidOperationException">The bare loop gives other tokens than the engine: it does other work.</exception>
    public async Task<double?> CompareAsync(int seed, CancellationToken cancellationToken)
    {
        var cell = new Cell(8, 24);
        var engine = await AnswerAsync(Targets.Engine);
        var bare = await AnswerAsync(Targets.Bare);
        if (!engine.Zip(bare).All(pair => pair.First.SequenceEqual(pair.Second)))
        {
            throw new InvalidOperationException("The bare loop gives other tokens than the engine.");
        }

        if (_llama is null)
        {
            return null;
        }

        var llama = await AnswerAsync(Targets.Llama);
        var same = engine.Zip(llama).Sum(pair => pair.First.Zip(pair.Second).TakeWhile(tokens => tokens.First == tokens.Second).Count());
        return (double)same / (cell.Streams * cell.Tokens);

        Task<int[][]> AnswerAsync(string target) =>
            PeerOf(target).AskAsync<int[][]>(EnginePeer.Answer, new PeerOrder(target, seed, cell), cancellationToken);
    }

    /// <summary>Memory of the worker and of llama.cpp now.</summary>
    public IReadOnlyDictionary<string, WorkerMemory> ReadMemory()
    {
        var memory = new Dictionary<string, WorkerMemory> { [Targets.Worker] = WorkerMemory.Read(_worker.Id, _workerEmpty) };
        if (_llama is not null)
        {
            memory[Targets.Llama] = WorkerMemory.Read(_llama.Id, _llamaEmpty);
        }

        return memory;
    }

    /// <summary>Measures embeddings beside the decoder, by an encoder that is put into the worker's repository.</summary>
    public async Task<EmbeddingShare[]> ShareAsync(InferencePlan plan, CancellationToken cancellationToken)
    {
        const string Encoder = "encoder";
        await ModelImport.RunAsync(plan.Encoder!, Encoder, _repository, new(), progress: null, cancellationToken);
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await EmbeddingShare.EmbedAsync(_worker, Encoder, seed: 0, cancellationToken);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the encoder is served", Patience);
        var shares = new EmbeddingShare[plan.Rounds];
        for (var round = 0; round < plan.Rounds; round++)
        {
            shares[round] = await EmbeddingShare.MeasureAsync(
                _worker, _streams, Encoder, _vocabulary, plan.Seed + round, plan.Window, cancellationToken);
        }

        return shares;
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync();
        _worker.Dispose();
        await _ours.DisposeAsync();
        if (_llama is not null)
        {
            await _llama.DisposeAsync();
        }

        var installed = Path.Combine(_repository, PreparedDecoder.Name);
        if (Directory.Exists(installed))
        {
            Directory.Move(installed, _decoder.Installed);
        }
    }

    private PeerProcess PeerOf(string target) => target == Targets.Llama ? _llama! : _ours;
}
