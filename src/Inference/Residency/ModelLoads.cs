using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Residency;

/// <summary>
/// Brings versions into memory, one at a time and beside the requests, and takes them out when their last request has ended. What is in
/// memory stays within <c>Models:MemoryBytes</c>: a load takes the room of the version that was used least recently and that no request
/// uses. Where requests use all of them without end, the one that was loaded least recently takes no more until it has been loaded again.
/// Thread-safe.
/// </summary>
internal sealed partial class ModelLoads(
    ModelLoader loader, VersionTable table, IOptions<ModelsOptions> options, InferenceMetrics metrics, TimeProvider clock,
    ILogger<ModelLoads> logger) : IDisposable
{
    private const int LongestReason = 500;

    /// <summary>Between two looks for a version that its requests have left.</summary>
    private static readonly TimeSpan RoomPause = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Residence, Task> _leaving = new();

    /// <summary>Begins the load of a version, or joins the one that has begun. It ends without an exception; then the version is in memory,
    /// broken, or waits for room. Called with the table's gate held.</summary>
    /// <param name="mayEvict">Whether versions that nobody uses may go for it.</param>
    public Task Begin(ModelVersion version, bool mayEvict) =>
        version.Loading ??= Task.Run(() => LoadInTurnAsync(version, mayEvict, clock.GetTimestamp()), CancellationToken.None);

    /// <summary>Frees the memory of a version that nobody finds any more, when its last request has ended.</summary>
    public void Retire(Residence residence) => _ = GiveBackAfterAsync(LetGoAsync(residence));

    /// <summary>Ends loads, and frees everything that is still in memory.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _turn.WaitAsync(CancellationToken.None);
        foreach (var residence in table.Clear())
        {
            Retire(residence);
        }

        await Task.WhenAll(_leaving.Values);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _stopping.Dispose();
    }

    private async Task LoadInTurnAsync(ModelVersion version, bool mayEvict, long since)
    {
        try
        {
            await _turn.WaitAsync(_stopping.Token);
            try
            {
                if (!table.Do(() => TryTakeBack(version)))
                {
                    await LoadAsync(version, mayEvict, since, _stopping.Token);
                }
            }
            finally
            {
                table.Change(() => version.Loading = null);
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            table.Change(() => version.Loading = null);
        }
    }

    /// <summary>Shows a version again that has left, as long as its requests run. Called with the table's gate held.</summary>
    private bool TryTakeBack(ModelVersion version)
    {
        if (version is not { Wanted: true, Residence: null, Leaving: { } residence } || !residence.TryComeBack(clock.GetTimestamp()))
        {
            return false;
        }

        _leaving.TryRemove(residence, out _);
        (version.Residence, version.Leaving, version.Evicted) = (residence, null, false);
        return true;
    }

    /// <param name="since">Timestamp from which it waits for its turn.</param>
    private async Task LoadAsync(ModelVersion version, bool mayEvict, long since, CancellationToken cancellationToken)
    {
        var (installed, needed) = table.Do(
            () => version is { Wanted: true, Residence: null } ? (version.Installed, version.Bytes) : default);
        if (installed is null)
        {
            return; // The plan has changed while it waited.
        }

        try
        {
            if (!await MakeRoomAsync(needed, mayEvict, version, since, cancellationToken))
            {
                Log.NoRoom(logger, version.Name, version.Version);
                table.Change(() => version.Evicted |= !mayEvict); // One that a plan wants now is tried again.
                return;
            }

            var started = clock.GetTimestamp();
            var before = Environment.WorkingSet;
            var model = await loader.LoadAsync(installed, cancellationToken);
            var bytes = Math.Max(FileBytes(installed), Environment.WorkingSet - before);
            table.Change(() => Show(version, model, bytes));
            metrics.ModelChanged(version.Name, "loaded");
            Log.Served(logger, version.Name, version.Version, clock.GetElapsedTime(started).TotalSeconds);
            await MakeRoomAsync(0, mayEvict: true, version, since, cancellationToken); // It may have taken more than was expected.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever is wrong with one version, the others are served.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            metrics.ModelChanged(version.Name, "failed");
            Log.Broken(logger, exception, version.Name, version.Version);
            table.Change(() => version.Error = ReasonOf(exception));
        }
    }

    /// <summary>Why a version cannot be served, for the operator.</summary>
    public static string ReasonOf(Exception exception) =>
        exception.Message.Length <= LongestReason ? exception.Message : string.Concat(exception.Message.AsSpan(0, LongestReason), "…");

    /// <summary>Bytes of a version's files.</summary>
    public static long FileBytes(InstalledModel installed) => installed.Manifest.Files.Sum(file => file.Bytes);

    private void Show(ModelVersion version, LoadedModel model, long bytes)
    {
        (version.Error, version.Evicted, version.Bytes, version.Card) = (null, false, bytes, model.Card);
        version.Residence = new Residence(model, bytes, clock.GetTimestamp());
    }

    /// <summary>Makes room for a version. While requests wait for it and all others are in use, it waits for one that is not; after
    /// <c>Models:TurnWait</c> one that is gives up its memory.</summary>
    /// <param name="version">Stays itself.</param>
    /// <param name="since">Timestamp from which it waits for its turn.</param>
    /// <returns>Whether there is room. A version that is larger than the budget has it alone.</returns>
    private async Task<bool> MakeRoomAsync(
        long needed, bool mayEvict, ModelVersion version, long since, CancellationToken cancellationToken)
    {
        var budget = options.Value.MemoryBytes;
        if (budget == 0)
        {
            return true;
        }

        while (true)
        {
            var whole = budget - Math.Min(needed, budget);
            var room = whole - _leaving.Keys.Sum(residence => residence.Bytes);
            if (table.BytesInMemory <= room)
            {
                return true;
            }

            if (!mayEvict)
            {
                return false;
            }

            if (table.TryEvict(room, version) is { } evicted)
            {
                metrics.ModelChanged(evicted.Model.Name, "evicted");
                Log.Evicted(logger, evicted.Model.Name, evicted.Model.Version);
                await GiveBackAfterAsync(LetGoAsync(evicted));
            }
            else if (!table.Do(() => version is { Residence: null, Wanted: true, Waiters: > 0 }))
            {
                return false;
            }
            else if (table.BytesInMemory <= whole || !TryDisplace(since))
            {
                await Task.Delay(RoomPause, clock, cancellationToken); // Each waiter has a patience, which ends this.
            }
        }
    }

    /// <summary>Takes the turn of a version that is in use, for one that has waited since then for long enough.</summary>
    private bool TryDisplace(long since)
    {
        if (clock.GetElapsedTime(since) < options.Value.TurnWait || table.TryDisplace(options.Value.TurnTime) is not { } displaced)
        {
            return false;
        }

        metrics.ModelChanged(displaced.Model.Name, "displaced");
        Log.Displaced(logger, displaced.Model.Name, displaced.Model.Version);
        Retire(displaced);
        return true;
    }

    /// <summary>Gives memory back to the system when a version has gone. Nothing here refers to the version, so all of it is
    /// collected.</summary>
    private async Task GiveBackAfterAsync(Task<bool> gone)
    {
        if (await gone && !_stopping.IsCancellationRequested)
        {
            ProcessMemory.GiveBack();
        }
    }

    /// <summary>Frees a version when its last request has ended. False when it comes back before.</summary>
    private async Task<bool> LetGoAsync(Residence residence)
    {
        var freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _leaving[residence] = freed.Task;
        try
        {
            var unused = table.Do(residence.Leave);
            await ((Task)unused).WaitAsync(_stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!unused.IsCompleted)
            {
                Log.RetiredByStop(logger, residence.Model.Name, residence.Model.Version);
            }
            else if (!await unused)
            {
                return false;
            }

            await residence.Model.DisposeAsync();
            table.Forget(residence);
            return true;
        }
        finally
        {
            _leaving.TryRemove(KeyValuePair.Create(residence, freed.Task));
            freed.SetResult();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Model {Model} version {Version} is ready after {Seconds:0.0} s.")]
        public static partial void Served(ILogger logger, string model, string version, double seconds);

        [LoggerMessage(2, LogLevel.Error, "Model {Model} version {Version} cannot be served.")]
        public static partial void Broken(ILogger logger, Exception exception, string model, string version);

        [LoggerMessage(3, LogLevel.Information, "Model {Model} version {Version} left memory, which Models:MemoryBytes bounds.")]
        public static partial void Evicted(ILogger logger, string model, string version);

        [LoggerMessage(4, LogLevel.Information, "Model {Model} version {Version} was still leaving when the worker stopped.")]
        public static partial void RetiredByStop(ILogger logger, string model, string version);

        [LoggerMessage(6, LogLevel.Information, "Model {Model} version {Version} gives its memory to a model that waits.")]
        public static partial void Displaced(ILogger logger, string model, string version);

        [LoggerMessage(5, LogLevel.Debug, "Model {Model} version {Version} is not loaded: Models:MemoryBytes has no room for it.")]
        public static partial void NoRoom(ILogger logger, string model, string version);
    }
}
