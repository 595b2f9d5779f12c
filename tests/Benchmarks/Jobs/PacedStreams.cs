using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Tollgate.Benchmarks.Jobs;

/// <summary>Chat streams that start at a fixed pace, whether or not earlier ones have ended, as those of many users do.</summary>
internal sealed class PacedStreams : IDisposable
{
    private const int Tokens = 48;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private static readonly string Body =
        $$"""
        {"model":"tiny-assistant","max_tokens":{{Tokens}},"stream":true,"temperature":0,"logit_bias":{"0":-100,"2":-100},
         "messages":[{"role":"user","content":"Tell me a story."}]}
        """;

    private readonly HttpClient _http;

    public PacedStreams(string api, string key) => _http = new HttpClient
    {
        BaseAddress = new Uri(api), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    /// <summary>Whether a stream is answered: the first wallet and the first worker come some time after a cluster's start.</summary>
    public async Task<bool> IsServedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Starts streams for a time and waits for their ends.</summary>
    /// <exception cref="HttpRequestException">One was refused.</exception>
    public async Task<IReadOnlyList<StreamTime>> RunAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var running = new List<Task<StreamTime>>();
        using var timer = new PeriodicTimer(Pace);
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < time;)
        {
            running.Add(ReadAsync(cancellationToken));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return await Task.WhenAll(running);
    }

    public void Dispose() => _http.Dispose();

    private async Task<StreamTime> ReadAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var came = new List<double>();
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                came.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return new StreamTime(came[0], [.. came.Zip(came.Skip(1), (first, second) => second - first)], came[^1]);
    }
}

/// <summary>Milliseconds of a stream: until its first event, between each two events, and until its end.</summary>
internal sealed record StreamTime(double First, IReadOnlyList<double> Gaps, double Whole);

/// <summary>Times of many streams.</summary>
internal sealed class StreamTimes
{
    private readonly List<StreamTime> _streams = [];
    private readonly Dictionary<string, double> _processors = [];

    /// <param name="processors">Seconds of CPU that each part used meanwhile.</param>
    public void Add(IReadOnlyList<StreamTime> streams, IReadOnlyDictionary<string, double> processors)
    {
        _streams.AddRange(streams);
        foreach (var (part, seconds) in processors)
        {
            _processors[part] = _processors.GetValueOrDefault(part) + seconds;
        }
    }

    /// <summary>How many times as long the slowest hundredth took as that of others.</summary>
    public string Beside(StreamTimes alone) => string.Create(
        CultureInfo.InvariantCulture,
        $"first event {First(0.99) / alone.First(0.99):0.00}, between two events {Gap(0.99) / alone.Gap(0.99):0.00}, "
        + $"whole stream {Whole(0.99) / alone.Whole(0.99):0.00}");

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_streams.Count} streams; milliseconds in the middle and of the slowest hundredth: "
        + $"first event {First(0.5):0.0} {First(0.99):0.0}, between two events {Gap(0.5):0.0} {Gap(0.99):0.0}, "
        + $"whole stream {Whole(0.5):0} {Whole(0.99):0}; "
        + $"milliseconds of CPU a stream: {Processors()}");

    private double First(double share) => At(_streams.Select(stream => stream.First), share);

    private double Gap(double share) => At(_streams.SelectMany(stream => stream.Gaps), share);

    private double Whole(double share) => At(_streams.Select(stream => stream.Whole), share);

    private string Processors() => string.Join(
        ", ", _processors.Select(part => string.Create(
            CultureInfo.InvariantCulture, $"{part.Key} {1000 * part.Value / _streams.Count:0}")));

    private static double At(IEnumerable<double> times, double share)
    {
        var sorted = times.Order().ToArray();
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
