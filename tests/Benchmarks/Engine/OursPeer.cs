namespace Tollgate.Benchmarks.Engine;

/// <summary>The engine and the bare loop, over one session.</summary>
/// <param name="repository">Folder of installed models, with one model.</param>
internal sealed class OursPeer(string repository, int threads) : EnginePeer
{
    private EngineStreams? _engine;
    private BareLoop? _bare;

    private EngineStreams Engine => _engine ?? throw new InvalidOperationException("The model is not loaded.");

    public override async ValueTask DisposeAsync()
    {
        _bare?.Dispose();
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }
    }

    protected override async Task<int> LoadAsync(CancellationToken cancellationToken)
    {
        _engine = await EngineStreams.LoadAsync(repository, threads, cancellationToken);
        _bare = new BareLoop(_engine.Model.Session, _engine.Model.Shape, Cell.MostStreams, Cell.MostLength);
        return _engine.Vocabulary;
    }

    protected override Task<Speed> MeasureAsync(PeerOrder order, CancellationToken cancellationToken) => order.Target == Targets.Engine
        ? order.Cell!.MeasureAsync(Engine.Vocabulary, order.Seed, Engine, Processor, cancellationToken)
        : order.Cell!.MeasureAsync(
            Engine.Vocabulary, order.Seed, prompts => Task.Run(() => _bare!.Answer(prompts, order.Cell.Tokens), cancellationToken),
            Processor);

    protected override async Task<int[][]> AnswerAsync(PeerOrder order, CancellationToken cancellationToken)
    {
        var prompts = order.Cell!.Prompts(Engine.Vocabulary, order.Seed, repeat: 0);
        if (order.Target == Targets.Bare)
        {
            return _bare!.Answer(prompts, order.Cell.Tokens);
        }

        var answers = await Task.WhenAll(prompts.Select(
            ids => Engine.ScoreAsync(new Prompt(ids, order.Cell.Tokens, Prompt.Quiet), cancellationToken)));
        return [.. answers.Select(answer => answer.Select(token => token.Token).ToArray())];
    }

    protected override Task<MixedTimes> MixAsync(PeerOrder order, CancellationToken cancellationToken) =>
        order.Mixed!.MeasureAsync(Engine.Vocabulary, order.Seed, Engine, cancellationToken);

    protected override async Task<PrefixTimes> PrefixAsync(PeerOrder order, CancellationToken cancellationToken)
    {
        await using var other = await EngineStreams.LoadAsync(repository, threads, cancellationToken);
        return await PrefixTimes.MeasureAsync(Engine, other, order.Seed, Processor, cancellationToken);
    }
}
