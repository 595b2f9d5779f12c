using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Encoders;

/// <summary>
/// An engine over a graph that notes its runs and gives each row the sum of its ids. Runs wait at a gate while it is closed. Thread-safe.
/// </summary>
internal sealed class ScriptedGraph
{
    private readonly Lock _lock = new();
    private readonly List<int[][]> _runs = [];
    private TaskCompletionSource _gate = Opened();

    public ScriptedGraph(
        BatchLimits? limits = null, QuietOrganizations? quiet = null, QueuePlaces? places = null, TimeProvider? clock = null) =>
        Engine = new EncoderEngine(
            Run,
            limits ?? new BatchLimits(),
            new FairTurns(places ?? new QueuePlaces(256, 128), quiet ?? new QuietOrganizations(), clock ?? TimeProvider.System),
            TimeSpan.FromSeconds(30),
            clock ?? TimeProvider.System);

    public EncoderEngine Engine { get; }

    /// <summary>Ids of the rows of each run that has begun.</summary>
    public IReadOnlyList<int[][]> Runs
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs];
            }
        }
    }

    /// <summary>Called for each run, before its rows are read.</summary>
    public Action<int[][]> OnRun { get; init; } = _ => { };

    public void Close() => _gate = new TaskCompletionSource();

    public void Open() => _gate.SetResult();

    public Task<EncoderOutcome> AskAsync(ScriptedRequest request, CancellationToken cancellationToken = default) =>
        Engine.RunAsync(request, cancellationToken);

    private void Run(IReadOnlyList<EncoderRow> rows, EncoderReader read)
    {
        int[][] ids = [.. rows.Select(row => row.Ids)];
        lock (_lock)
        {
            _runs.Add(ids);
        }

#pragma warning disable RS0030 // A run holds its thread, as a session's does.
        _gate.Task.Wait();
#pragma warning restore RS0030
        OnRun(ids);
        for (var row = 0; row < rows.Count; row++)
        {
            read(row, [ids[row].Sum()]);
        }
    }

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }
}
