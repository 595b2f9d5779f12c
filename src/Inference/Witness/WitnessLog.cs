using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Worker;

namespace Tollgate.Inference.Witness;

/// <summary>
/// The worker's own record of what it generated for each (request, attempt): the second witness beside the gateway's journal. Append-only;
/// an entry has reached the operating system when <see cref="Append"/> returns, so it
/// survives a kill of the process, not a power cut. Thread-safe.
/// </summary>
public sealed partial class WitnessLog : IDisposable
{
    private const int RememberedRequests = 10_000;
    private readonly Lock _gate = new();
    private readonly WitnessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<WitnessLog> _logger;
    private readonly string _directory;
    private readonly Dictionary<Guid, Units> _recent = [];
    private readonly Queue<Guid> _order = new();
    private readonly List<WitnessSegment> _segments;
    private SafeFileHandle _file;
    private long _end;

    /// <summary>Opens the log of a worker; a torn tail is cut off.</summary>
    /// <exception cref="IOException">The log cannot be read or written.</exception>
    public WitnessLog(WorkerFolder folder, IOptions<WitnessOptions> options, TimeProvider clock, ILogger<WitnessLog> logger)
    {
        (_options, _clock, _logger) = (options.Value, clock, logger);
        _directory = Path.Combine(folder.Path, "witness");
        Directory.CreateDirectory(_directory);
        _segments = WitnessSegment.List(_directory);
        if (_segments.Count == 0)
        {
            _segments.Add(WitnessSegment.Create(_directory, Guid.CreateVersion7(clock.GetUtcNow()), start: 0));
        }

        LogId = _segments[^1].LogId;
        _segments.RemoveAll(segment => segment.LogId != LogId);
        _end = _segments[^1].Start;
        foreach (var entry in _segments[^1].Read(_end, long.MaxValue))
        {
            _end = entry.Position;
            Remember(entry.RequestId, entry.Units);
        }

        _file = _segments[^1].OpenToAppend();
        _segments[^1].Cut(_file, _end);
    }

    /// <summary>Changes when the log is lost: positions of another log mean nothing.</summary>
    public Guid LogId { get; }

    /// <summary>Position after the last entry.</summary>
    public long End
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    /// <summary>Writes what a request used.</summary>
    public void Append(
        Guid requestId, int attempt, Guid organization, string model, Units units, ServiceClass serviceClass = ServiceClass.Standard)
    {
        var at = _clock.GetUtcNow();
        var record = WitnessRecord.Write(
            requestId, attempt, organization == Guid.Empty ? null : organization, model, units, at, serviceClass);
        lock (_gate)
        {
            if (_end - _segments[^1].Start >= _options.SegmentBytes)
            {
                BeginSegment(at);
            }

            _segments[^1].Append(_file, record, _end);
            _end += record.Length;
            Remember(requestId, units);
        }
    }

    /// <summary>Units of a request of not long ago; null when the log has none.</summary>
    public Units? Find(Guid requestId)
    {
        lock (_gate)
        {
            return _recent.TryGetValue(requestId, out var units) ? units : null;
        }
    }

    /// <summary>Entries after a position, oldest first. A position whose segment is gone is read as the oldest kept one.</summary>
    public WitnessPage Read(long after, int limit)
    {
        List<WitnessSegment> segments;
        long end;
        lock (_gate)
        {
            (segments, end) = ([.. _segments], _end);
        }

        var entries = new List<WitnessEntry>();
        var position = Math.Min(Math.Max(after, segments[0].Start), end);
        for (var i = 0; i < segments.Count && entries.Count < limit; i++)
        {
            var next = i + 1 < segments.Count ? segments[i + 1].Start : end;
            if (position < next)
            {
                entries.AddRange(segments[i].Read(position, next).Take(limit - entries.Count));
                position = entries.Count == limit ? entries[^1].Position : next;
            }
        }

        return new WitnessPage(LogId, entries, position);
    }

    public void Dispose() => _file.Dispose();

    private void BeginSegment(DateTimeOffset now)
    {
        _file.Dispose();
        _segments.Add(WitnessSegment.Create(_directory, LogId, _end));
        _file = _segments[^1].OpenToAppend();
        while (_segments.Count > 2 && (_segments.Count > _options.MostSegments || IsOld(_segments[0], now)))
        {
            File.Delete(_segments[0].Path);
            Log.SegmentDeleted(_logger, _segments[0].Start);
            _segments.RemoveAt(0);
        }
    }

    private bool IsOld(WitnessSegment segment, DateTimeOffset now) =>
        now - new DateTimeOffset(File.GetLastWriteTimeUtc(segment.Path), TimeSpan.Zero) > _options.Retention;

    private void Remember(Guid requestId, Units units)
    {
        if (_recent.TryAdd(requestId, units))
        {
            _order.Enqueue(requestId);
            if (_order.Count > RememberedRequests)
            {
                _recent.Remove(_order.Dequeue());
            }
        }
        else
        {
            _recent[requestId] = units; // A later attempt.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Witness segment {Start} is past its time and was deleted.")]
        public static partial void SegmentDeleted(ILogger logger, long start);
    }
}
