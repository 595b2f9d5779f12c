using System.Net;
using System.Net.Sockets;

namespace Tollgate.Benchmarks.Load;

/// <summary>What a load of requests came to.</summary>
/// <param name="Latencies">Of the requests that were answered well.</param>
/// <param name="Lateness">By how much the generator itself woke too late; it is not in the latencies.</param>
/// <param name="Failure">The first of the failures in words; null when there was none.</param>
internal sealed record LoadResult(Sample Latencies, Sample Lateness, long Answered, long Failed, string? Failure, TimeSpan Elapsed)
{
    public double PerSecond => Answered / Elapsed.TotalSeconds;
}

/// <summary>How much to send.</summary>
/// <param name="Connections">Each has a thread, and one request at a time.</param>
/// <param name="PerSecond">Requests begun per second over all connections, whether or not those before were answered; null: each as soon
/// as its connection is free.</param>
/// <param name="UntilFirstEvent">The answer is a stream, and what counts is the time to its first event.</param>
internal sealed record LoadPlan(
    IPEndPoint Server, byte[] Request, int Connections, double? PerSecond, TimeSpan Duration, int Seed, bool UntilFirstEvent = false);

/// <summary>
/// Sends requests to a schedule that the server cannot slow down. A request's time counts from when it was due, if its connection was
/// still busy then: a server that stalls is charged for all that waited behind. If the connection was free, it counts from the sending:
/// that the generator woke late is not the server's doing, and is reported by itself.
/// </summary>
internal static class UnaryLoad
{
    private const int MostRequests = 4_000_000;

    /// <summary>Runs on threads of its own until the time or the bound of the count is over.</summary>
    public static async Task<LoadResult> RunAsync(LoadPlan plan)
    {
        var start = Pace.Now + Pace.Nanoseconds(TimeSpan.FromMilliseconds(20));
        var lanes = await Task.WhenAll(Enumerable.Range(0, plan.Connections).Select(number => LoadThread.RunAsync(() =>
        {
            var lane = new Lane(plan, number, start);
            lane.Run();
            return lane;
        })));
        return new LoadResult(
            new Sample(lanes.SelectMany(lane => lane.Latencies)),
            new Sample(lanes.SelectMany(lane => lane.Lateness)),
            lanes.Sum(lane => (long)lane.Latencies.Count),
            lanes.Sum(lane => lane.Failed),
            lanes.Select(lane => lane.Failure).FirstOrDefault(failure => failure is not null),
            TimeSpan.FromTicks((Pace.Now - start) / 100));
    }

    /// <summary>One connection with its own part of the schedule: even gaps that vary by half.</summary>
    private sealed class Lane(LoadPlan plan, int number, long start)
    {
        private readonly Random _random = new(HashCode.Combine(plan.Seed, number));
        private readonly byte[] _body = new byte[16 * 1024];
        private readonly long _gap = plan.PerSecond is { } rate ? (long)(plan.Connections * 1e9 / rate) : 0;

        public List<long> Latencies { get; } = new(16 * 1024);

        public List<long> Lateness { get; } = new(16 * 1024);

        public long Failed { get; private set; }

        public string? Failure { get; private set; }

        public void Run()
        {
            var end = start + Pace.Nanoseconds(plan.Duration);
            var due = start + (long)(_gap * _random.NextDouble());
            var most = MostRequests / plan.Connections;
            var connection = new LoopbackConnection(plan.Server);
            try
            {
                for (var sent = 0; sent < most && due < end && Pace.Now < end; sent++)
                {
                    var free = Pace.Now;
                    Pace.SleepUntil(due);
                    var began = plan.PerSecond is null || free <= due ? Pace.Now : due;
                    Lateness.Add(Math.Max(0, Pace.Now - Math.Max(due, free)));
                    if (!TrySend(ref connection, began))
                    {
                        Failed++;
                    }

                    due = plan.PerSecond is null ? Pace.Now : due + (long)(_gap * (0.5 + _random.NextDouble()));
                }
            }
            finally
            {
                connection.Dispose();
            }
        }

        private bool TrySend(ref LoopbackConnection connection, long began)
        {
            try
            {
                connection.Send(plan.Request);
                var status = connection.ReadHead();
                var answeredAt = plan.UntilFirstEvent && status == 200 ? ReadStream(connection) : ReadWhole(connection, status);
                if (status == 200)
                {
                    Latencies.Add(answeredAt - began);
                }

                return status == 200;
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                Failure ??= exception.Message;
                connection.Dispose();
                connection = new LoopbackConnection(plan.Server);
                return false;
            }
        }

        private static long ReadStream(LoopbackConnection connection)
        {
            var events = new EventReader(connection);
            if (!events.TryRead(out _))
            {
                throw new IOException("The stream ended before its first event.");
            }

            var first = events.CameAt;
            while (events.TryRead(out _))
            {
            }

            return first;
        }

        private long ReadWhole(LoopbackConnection connection, int status)
        {
            var length = 0;
            while (connection.ReadBody(_body.AsSpan(Math.Min(length, _body.Length - 1024))) is var count and > 0)
            {
                length += count;
            }

            if (status != 200)
            {
                Failure ??= $"{status} {System.Text.Encoding.UTF8.GetString(_body.AsSpan(0, Math.Min(length, 400)))}";
            }

            return Pace.Now;
        }
    }
}
