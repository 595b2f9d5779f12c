
namespace Tollgate.Gateway.Admission;

/// <summary>
/// One script call at a time for each organization: an admission goes at once when none is on its way, else it waits and goes with all
/// others that waited in the next one. What they have in common, Redis then reads, decodes and writes once. Thread-safe.
/// </summary>
internal sealed class AdmissionLines(AdmissionScript script)
{
    /// <summary>Most admissions in one call; keeps a call under a millisecond of Redis' time.</summary>
    internal const int Most = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Queue<Waiting>> _lines = []; // Of each organization with a call on its way: who waits for its end.

    /// <summary>Runs an admission or a check.</summary>
    /// <exception cref="ServiceDefaults.Data.RedisUnavailableException">No answer in time: the outcome is unknown.</exception>
    public Task<AdmissionReply> RunAsync(AdmissionCall call)
    {
        var waiting = new Waiting(call);
        var organizationId = call.Caller.OrganizationId;
        lock (_lock)
        {
            if (_lines.TryGetValue(organizationId, out var line))
            {
                line.Enqueue(waiting);
                return waiting.Task;
            }

            _lines.Add(organizationId, new Queue<Waiting>());
        }

        _ = SendAsync(organizationId, [waiting]);
        return waiting.Task;
    }

    /// <summary>Sends a batch and, once it was answered, the next one. Throws nothing: failures go to all that wait.</summary>
    private async Task SendAsync(Guid organizationId, IReadOnlyList<Waiting> batch)
    {
        try
        {
            // A client that leaves now must not leave the outcome of others unknown.
            var replies = await script.RunAsync(organizationId, [.. batch.Select(waiting => waiting.Call)], CancellationToken.None);
            if (TakeNext(organizationId) is { } next)
            {
                _ = SendAsync(organizationId, next);
            }

            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Answer(replies[i], goesOnHere: i == batch.Count - 1);
            }
        }
#pragma warning disable CA1031 // Every failure goes to all that wait; they would fail as this call did.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            foreach (var waiting in batch.Concat(Close(organizationId)))
            {
                waiting.TrySetException(exception);
            }
        }
    }

    /// <summary>Null when none waits: then the line is gone.</summary>
    private List<Waiting>? TakeNext(Guid organizationId)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(organizationId, out var line) || line.Count == 0)
            {
                _lines.Remove(organizationId);
                return null;
            }

            var next = new List<Waiting>(Math.Min(line.Count, Most));
            while (next.Count < Most && line.TryDequeue(out var waiting))
            {
                next.Add(waiting);
            }

            return next;
        }
    }

    private Queue<Waiting> Close(Guid organizationId)
    {
        lock (_lock)
        {
            return _lines.Remove(organizationId, out var line) ? line : [];
        }
    }

    private sealed class Waiting(AdmissionCall call) : TaskCompletionSource<AdmissionReply>, IThreadPoolWorkItem
    {
        private AdmissionReply? _reply;

        public AdmissionCall Call => call;

        /// <param name="goesOnHere">What follows runs on this thread, before this returns.</param>
        public void Answer(AdmissionReply reply, bool goesOnHere)
        {
            _reply = reply;
            if (goesOnHere)
            {
                Execute();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }

        public void Execute() => TrySetResult(_reply!);
    }
}
