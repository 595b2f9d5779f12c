using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Journal;

/// <summary>The life of the segments: found at the start, prepared ahead, synced, and deleted when they are old and shipped.</summary>
internal sealed partial class JournalFile
{
    private bool _full;

    /// <summary>How a segment is made; a test puts a full disk here.</summary>
    internal Func<string, long, int, Segment> Preparing { get; set; } = Segment.Prepare;

    /// <summary>Makes segments until enough lie ready. False when the disk is full.</summary>
    public bool PrepareAhead()
    {
        while (true)
        {
            long number;
            lock (_lock)
            {
                if (_stopped || _prepared.Count >= SegmentsAhead)
                {
                    _full = false;
                    return true;
                }

                number = _current.Number + _prepared.Count + 1;
            }

            try
            {
                var segment = Preparing(_options.Folder, number, _options.SegmentBytes);
                lock (_lock)
                {
                    _prepared.Enqueue(segment);
                }
            }
            catch (IOException exception)
            {
                if (!_full)
                {
                    Log.NoRoom(_logger, _options.Folder, exception.Message);
                }

                _full = true;
                return false;
            }
        }
    }

    /// <summary>Brings everything that was appended before the call to disk.</summary>
    public void Sync()
    {
        var end = End;
        if (end == _synced)
        {
            return;
        }

        for (var number = JournalPosition.Segment(_synced); number <= JournalPosition.Segment(end); number++)
        {
            if (Find(number) is { } segment)
            {
                // The first page of a segment is its header too, which is written when it is put into use.
                var from = number == JournalPosition.Segment(_synced) ? JournalPosition.Offset(_synced) : 0;
                segment.Sync(from, number == JournalPosition.Segment(end) ? JournalPosition.Offset(end) : segment.Size);
            }
        }

        _synced = end;
    }

    /// <summary>Deletes segments that end before <paramref name="needed"/> and have been full for longer than they are kept.</summary>
    public void DeleteOld(long needed)
    {
        var oldest = (_clock.GetUtcNow() - _options.KeepFor).ToUnixTimeMilliseconds();
        while (true)
        {
            long first;
            lock (_lock)
            {
                first = _segments.Keys.First();
            }

            if (first >= JournalPosition.Segment(needed) || NextAfter(first) is not { } next || Find(next)?.ReadHeader() is not { } header
                || header.UsedSinceMs > oldest)
            {
                return;
            }

            lock (_lock)
            {
                _segments.Remove(first, out var segment);
                segment?.Dispose();
            }

            File.Delete(Segment.PathOf(_options.Folder, first));
        }
    }

    private (Segment Current, int Offset) OpenSegments()
    {
        var numbers = Directory.GetFiles(_options.Folder, "*.seg")
            .Select(path => long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture)).Order().ToList();
        var prepared = new List<Segment>();
        for (var i = numbers.Count - 1; i >= 0; i--)
        {
            var segment = Segment.Open(Segment.PathOf(_options.Folder, numbers[i]));
            if (segment.ReadHeader() is { } header)
            {
                Id = header.JournalId;
                foreach (var number in numbers.Take(i))
                {
                    _segments.Add(number, null);
                }

                return Continue(segment, prepared);
            }

            prepared.Insert(0, segment);
        }

        prepared.ForEach(Discard);
        Id = Guid.NewGuid();
        return (Use(Segment.Prepare(_options.Folder, 1, _options.SegmentBytes)), Segment.HeaderBytes);
    }

    private (Segment Current, int Offset) Continue(Segment segment, List<Segment> prepared)
    {
        _segments.Add(segment.Number, segment);
        foreach (var next in prepared)
        {
            if (next.Number == segment.Number + _prepared.Count + 1 && next.Size == _options.SegmentBytes)
            {
                _prepared.Enqueue(next);
            }
            else
            {
                Discard(next);
            }
        }

        var (offset, isSealed) = FindTail(segment);
        if (isSealed)
        {
            var next = _prepared.Count > 0
                ? _prepared.Dequeue() : Segment.Prepare(_options.Folder, segment.Number + 1, _options.SegmentBytes);
            return (Use(next), Segment.HeaderBytes);
        }

        if (segment.HasBytesAfter(offset))
        {
            Log.TornTail(_logger, segment.Number, offset);
            segment.Cut(offset);
        }

        return (segment, offset);
    }

    private Segment Use(Segment segment)
    {
        segment.WriteHeader(new SegmentHeader(Id, Boot, _clock.GetUtcNow().ToUnixTimeMilliseconds()));
        _segments.Add(segment.Number, segment);
        return segment;
    }

    private static (int Offset, bool Sealed) FindTail(Segment segment)
    {
        var offset = Segment.HeaderBytes;
        Span<byte> buffer = stackalloc byte[RecordFormat.LargestRecord];
        while (true)
        {
            var window = buffer[..Math.Min(buffer.Length, segment.Size - offset)];
            segment.Read(offset, window);
            var length = RecordFormat.ReadLength(window);
            if (length == 0)
            {
                return (offset, false);
            }

            offset += length;
            if ((RecordType)window[8] == RecordType.Sealed)
            {
                return (offset, true);
            }
        }
    }

    private static void Discard(Segment segment)
    {
        segment.Dispose();
        File.Delete(segment.Path);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "No room for the journal in {Folder}; new requests are refused until there is: {Reason}")]
        public static partial void NoRoom(ILogger logger, string folder, string reason);

        [LoggerMessage(2, LogLevel.Warning, "The journal's segment {Segment} was torn at byte {Offset}; the tail is cut.")]
        public static partial void TornTail(ILogger logger, long segment, int offset);
    }
}
