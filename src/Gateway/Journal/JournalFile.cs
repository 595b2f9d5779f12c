using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Journal;

/// <summary>
/// The segments of one gateway: appends records, hands them to readers, prepares segments ahead. An append is a copy into mapped memory
/// under a short lock; it survives kill -9 of this process. Thread-safe: any number of writers and readers; <see cref="Sync"/> and
/// <see cref="PrepareAhead"/> belong to one background loop.
/// </summary>
/// <remarks>
/// Two segments are prepared ahead. New requests are let in only while one is, so the last one is left to the requests that run; of that,
/// room for the end of each of them is kept free. So an end is never lost to a full disk.
/// </remarks>
internal sealed partial class JournalFile : IDisposable
{
    private const int SegmentsAhead = 2;
    private const int SealBytes = RecordFormat.FrameBytes;

    /// <summary>Bytes kept for the end of each running request: its CLOSE is never longer.</summary>
    private const int EndReserve = 192;

    private readonly JournalOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<JournalFile> _logger;
    private readonly FileStream _folderLock;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, Segment?> _segments = []; // Null: not mapped yet.
    private readonly Queue<Segment> _prepared = new();
    private Segment _current;
    private int _offset;
    private int _running;
    private long _end;
    private long _synced;
    private bool _stopped;

    /// <summary>Opens the journal of <see cref="JournalOptions.Folder"/>, or makes one,
    /// and cuts a torn tail. Writes nothing else yet.</summary>
    /// <exception cref="IOException">Another gateway uses the folder, or there is no room for a segment.</exception>
    public JournalFile(IOptions<JournalOptions> options, TimeProvider clock, ILogger<JournalFile> logger)
    {
        (_options, _clock, _logger) = (options.Value, clock, logger);
        Directory.CreateDirectory(_options.Folder);
        _folderLock = FileLock.TryTake(System.IO.Path.Combine(_options.Folder, "lock"))
            ?? throw new IOException($"Another gateway uses the journal in {_options.Folder}.");
        (_current, _offset) = OpenSegments();
        _end = _synced = JournalPosition.Of(_current.Number, _offset);
    }

    /// <summary>Identity of the journal. Changes only by <see cref="StartAnew"/>.</summary>
    public Guid Id { get; private set; }

    /// <summary>How far it is shipped.</summary>
    public ShippedState Shipped { get; } = new();

    /// <summary>How often its keeper brings it to disk.</summary>
    public TimeSpan SyncEvery => _options.SyncEvery;

    /// <summary>Name of the gateway.</summary>
    public string GatewayId => _options.GatewayId;

    /// <summary>Number of this start over the journal; 0 until <see cref="Begin"/>.</summary>
    public long Boot { get; private set; }

    /// <summary>Where this start begins: everything before was written by earlier ones.</summary>
    public long Began { get; private set; }

    /// <summary>Position after the last record.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>Bytes from the shipped position to the end. Exact where all segments have the size of the setting.</summary>
    public long UnshippedBytes
    {
        get
        {
            var (from, to) = (Math.Max(Shipped.Read().Cursor, Beginning), End);
            return ((JournalPosition.Segment(to) - JournalPosition.Segment(from)) * _options.SegmentBytes)
                + JournalPosition.Offset(to) - JournalPosition.Offset(from);
        }
    }

    /// <summary>Position of the oldest record that is still kept.</summary>
    public long Beginning
    {
        get
        {
            lock (_lock)
            {
                return JournalPosition.Of(_segments.Keys.First(), Segment.HeaderBytes);
            }
        }
    }

    /// <summary>Whether new requests may be opened: a segment lies ready for those that run.</summary>
    public bool AcceptsWork
    {
        get
        {
            lock (_lock)
            {
                return _prepared.Count > 0 && Boot > 0 && !_stopped;
            }
        }
    }

    /// <summary>Starts a boot: from here on this process writes.</summary>
    public void Begin(long boot)
    {
        Boot = boot;
        Span<byte> payload = stackalloc byte[256];
        var writer = new RecordWriter(payload);
        writer.Int64(boot);
        writer.Int64(_clock.GetUtcNow().ToUnixTimeMilliseconds());
        writer.Text(_options.GatewayId);
        Began = Append(RecordType.Boot, writer.Written);
        if (Began < 0)
        {
            throw new IOException("The journal has no room to start.");
        }
    }

    /// <summary>Gives the journal a new identity, under which everything kept is shipped again. Positions go on.</summary>
    public void StartAnew()
    {
        lock (_lock)
        {
            Id = Guid.NewGuid();
            var header = new SegmentHeader(Id, Boot, _clock.GetUtcNow().ToUnixTimeMilliseconds());
            _current.WriteHeader(header);
            _current.Sync(0, Segment.HeaderBytes);
        }
    }

    /// <summary>Appends a record. A negative result means that there is no room, which never
    /// happens to a <see cref="RecordType.Close"/>.</summary>
    /// <returns>Position of the record.</returns>
    public long Append(RecordType type, ReadOnlySpan<byte> payload)
    {
        Span<byte> record = stackalloc byte[RecordFormat.FrameBytes + payload.Length];
        var length = RecordFormat.Write(type, payload, record);
        lock (_lock)
        {
            if (!MakeRoom(type, length))
            {
                return -1;
            }

            var position = JournalPosition.Of(_current.Number, _offset);
            _current.Write(_offset, record[..length]);
            _offset += length;
            _running += type switch { RecordType.Open => 1, RecordType.Close or RecordType.Dropped => -1, _ => 0 };
            Volatile.Write(ref _end, JournalPosition.Of(_current.Number, _offset));
            return position;
        }
    }

    /// <summary>Sets how many requests that an earlier boot opened still have to end here.</summary>
    public void Inherit(int running)
    {
        lock (_lock)
        {
            _running += running;
        }
    }

    /// <summary>The segment with a number; null when it is not kept any more or never was.</summary>
    public Segment? Find(long number)
    {
        lock (_lock)
        {
            if (!_segments.TryGetValue(number, out var segment))
            {
                return null;
            }

            return segment ?? (_segments[number] = Segment.Open(Segment.PathOf(_options.Folder, number)));
        }
    }

    /// <summary>The number of the segment in use after <paramref name="number"/>; null when there is none.</summary>
    public long? NextAfter(long number)
    {
        lock (_lock)
        {
            foreach (var next in _segments.Keys)
            {
                if (next > number)
                {
                    return next;
                }
            }

            return null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            foreach (var segment in _segments.Values.Concat(_prepared))
            {
                segment?.Dispose();
            }
        }

        _folderLock.Dispose();
    }

    private bool MakeRoom(RecordType type, int length)
    {
        if (_stopped || (type == RecordType.Open && (_prepared.Count == 0 || Boot == 0)))
        {
            return false;
        }

        var ends = type is RecordType.Close or RecordType.Dropped;
        var reserve = SealBytes + (_prepared.Count == 0 && !ends ? _running * EndReserve : 0);
        if (_offset + length + reserve <= _current.Size)
        {
            return true;
        }

        if (!_prepared.TryDequeue(out var next))
        {
            return false;
        }

        Roll(next);
        return MakeRoom(type, length);
    }

    private void Roll(Segment next)
    {
        Span<byte> seal = stackalloc byte[SealBytes];
        _current.Write(_offset, seal[..RecordFormat.Write(RecordType.Sealed, [], seal)]);
        next.WriteHeader(new SegmentHeader(Id, Boot, _clock.GetUtcNow().ToUnixTimeMilliseconds()));
        _segments.Add(next.Number, next);
        (_current, _offset) = (next, Segment.HeaderBytes);
    }
}
