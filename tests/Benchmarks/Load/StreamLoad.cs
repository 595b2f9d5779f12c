using System.Buffers.Text;
using System.Net;

namespace Tollgate.Benchmarks.Load;

/// <summary>
/// Streams that run side by side and are read as fast as they come. Every chunk of the stub worker carries the moment at which it was
/// written, so the delay of each one is known. Starts, counts while asked, stops.
/// </summary>
internal sealed class StreamLoad : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private readonly List<Lane> _lanes = [];
    private volatile bool _recording;

    /// <summary>Opens <paramref name="count"/> streams and returns once each has had its first tokens.</summary>
    /// <exception cref="IOException">A stream was refused or broke off; the message says what came.</exception>
    public static async Task<StreamLoad> OpenAsync(IPEndPoint server, byte[] request, int count)
    {
        var load = new StreamLoad();
        for (var i = 0; i < count; i++)
        {
            var lane = new Lane(load, server);
            load._lanes.Add(lane);
            lane.Start(request);
        }

        var begun = Task.WhenAll(load._lanes.Select(lane => lane.Begun.Task));
        await begun.WaitAsync(StartPatience);
        return load;
    }

    /// <summary>Chunks that came over all streams so far.</summary>
    public long Chunks => _lanes.Sum(lane => lane.Chunks);

    /// <summary>Streams that ended although nobody stopped them.</summary>
    public int Broken => _lanes.Count(lane => lane.Broken);

    /// <summary>Keeps the delays of what comes from now on.</summary>
    public void Record() => _recording = true;

    /// <summary>Ends the recording and returns what was kept.</summary>
    public Sample Recorded()
    {
        _recording = false;
        return new Sample(_lanes.SelectMany(lane => lane.TakeDelays()));
    }

    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private sealed class Lane(StreamLoad load, IPEndPoint server) : IDisposable
    {
        private readonly LoopbackConnection _connection = new(server);
        private readonly Lock _keeping = new();
        private readonly List<long> _delays = new(4096);
        private long _chunks;
        private volatile bool _stopped;

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Chunks => Volatile.Read(ref _chunks);

        public bool Broken { get; private set; }

        public void Start(byte[] request) => _ = LoadThread.RunAsync(() =>
        {
            try
            {
                _connection.Send(request);
                Read();
                Broken = !_stopped;
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                Broken = !_stopped;
                Begun.TrySetException(new IOException($"A stream broke off: {exception.Message}", exception));
            }

            return true;
        });

        public List<long> TakeDelays()
        {
            lock (_keeping)
            {
                return [.. _delays];
            }
        }

        public void Dispose()
        {
            _stopped = true;
            _connection.Dispose();
        }

        private void Read()
        {
            var status = _connection.ReadHead();
            if (status != 200)
            {
                var body = new byte[1024];
                var length = _connection.ReadBody(body);
                throw new IOException($"{status} {System.Text.Encoding.UTF8.GetString(body.AsSpan(0, length))}");
            }

            var events = new EventReader(_connection);
            while (events.TryRead(out var text))
            {
                if (!TryReadStamp(text, out var writtenAt))
                {
                    continue;
                }

                Volatile.Write(ref _chunks, _chunks + 1);
                Begun.TrySetResult();
                if (load._recording)
                {
                    lock (_keeping)
                    {
                        _delays.Add(events.CameAt - writtenAt);
                    }
                }
            }
        }

        private static bool TryReadStamp(ReadOnlySpan<byte> text, out long writtenAt)
        {
            var at = text.IndexOf("\"content\":\" "u8);
            writtenAt = 0;
            return at >= 0 && Utf8Parser.TryParse(text[(at + "\"content\":\" ".Length)..], out writtenAt, out _);
        }
    }
}
