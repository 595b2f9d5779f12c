using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Explanations;

/// <summary>The explainers of one loaded classifier. Each is made when it is first asked for, and goes with the model.
/// Thread-safe.</summary>
/// <param name="graph">Path of the model's graph.</param>
/// <param name="output">Name of the logits.</param>
/// <param name="independent">Whether a score is independent of the others, or all of them sum to 1.</param>
internal sealed class ModelExplainers(string graph, string output, bool independent, SessionFactory sessions) : IDisposable
{
    /// <summary>Largest file that is read, bytes. Its numbers are in memory twice while an explainer is made.</summary>
    private const long LargestFile = 1L << 30;

    /// <summary>One explainer of the process is made at a time: it takes seconds and some copies of the weights.</summary>
    private static readonly SemaphoreSlim Making = new(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ExplanationMethod, Task<FoundExplainer>> _found = [];
    private bool _disposed;
    private int _users;

    /// <summary>Requests that explain, or wait for an explainer.</summary>
    public int Users => Volatile.Read(ref _users);

    /// <summary>Counts a request until the result is disposed.</summary>
    public Use Enter() => new(this);

    /// <summary>The explainer of a method, made at the first call.</summary>
    public Task<FoundExplainer> FindAsync(ExplanationMethod method)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_found.TryGetValue(method, out var found) || found.IsFaulted)
            {
                _found[method] = found = MakeAsync(method);
            }

            return found;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var found in _found.Values)
            {
                _ = FreeAsync(found);
            }
        }
    }

    private static async Task FreeAsync(Task<FoundExplainer> making)
    {
        await ((Task)making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (making.IsCompletedSuccessfully)
        {
            (await making).Explainer?.Dispose();
        }
    }

    private async Task<FoundExplainer> MakeAsync(ExplanationMethod method)
    {
        await Making.WaitAsync();
        try
        {
            return await Task.Run(() => new FoundExplainer(Make(method), Refusal: null));
        }
        catch (Exception exception) when (exception is GradientException or ModelImportException or OnnxRuntimeException)
        {
            return new FoundExplainer(null, exception.Message);
        }
        finally
        {
            Making.Release();
        }
    }

    private ITextExplainer Make(ExplanationMethod method)
    {
        var bytes = new FileInfo(graph).Length;
        return bytes > LargestFile
            ? throw new GradientException($"Its graph has {bytes >> 20} MiB; at most {LargestFile >> 20} MiB are explained.")
            : method == ExplanationMethod.Linear
                ? LinearContributions.Open(graph, output, sessions)
                : IntegratedGradients.Open(graph, output, independent, sessions);
    }

    /// <summary>A request that explains.</summary>
    internal readonly struct Use : IDisposable
    {
        private readonly ModelExplainers _owner;

        public Use(ModelExplainers owner)
        {
            _owner = owner;
            Interlocked.Increment(ref owner._users);
        }

        public void Dispose() => Interlocked.Decrement(ref _owner._users);
    }
}

/// <summary>An explainer, or why there is none.</summary>
/// <param name="Explainer">Not owned; null where the model cannot be explained.</param>
/// <param name="Refusal">A sentence for the client, null beside an explainer.</param>
internal sealed record FoundExplainer(ITextExplainer? Explainer, string? Refusal);
