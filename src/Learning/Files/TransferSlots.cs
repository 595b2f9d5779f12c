using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Files;

/// <summary>Bounds how many files and parts an organization sends at once to this process. Thread-safe.</summary>
internal sealed class TransferSlots(IOptions<FileLimitOptions> options, LearningMetrics metrics)
{
    private readonly Dictionary<Guid, int> _running = [];
    private readonly Lock _lock = new();

    /// <summary>A place until it is disposed, or the refusal.</summary>
    /// <param name="param">The member that the error names.</param>
    public OrRefusal<Slot> Take(Guid organizationId, string param)
    {
        lock (_lock)
        {
            var running = _running.GetValueOrDefault(organizationId);
            if (running >= options.Value.MaxTransfers)
            {
                return OpenAiError.TooManyTransfers(param, options.Value.MaxTransfers);
            }

            _running[organizationId] = running + 1;
        }

        metrics.TransferStarted();
        return new Slot(this, organizationId);
    }

    private void Free(Guid organizationId)
    {
        lock (_lock)
        {
            if (--_running[organizationId] == 0)
            {
                _running.Remove(organizationId);
            }
        }

        metrics.TransferEnded();
    }

    /// <summary>A place; dispose frees it.</summary>
    public sealed class Slot(TransferSlots slots, Guid organizationId) : IDisposable
    {
        private int _freed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _freed, 1) == 0)
            {
                slots.Free(organizationId);
            }
        }
    }
}
