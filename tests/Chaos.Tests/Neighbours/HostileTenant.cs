using System.Net.Http.Headers;
using System.Text;

namespace Tollgate.Chaos.Tests.Neighbours;

/// <summary>
/// One customer who does all that one key allows to keep others from their answers: many connections at once with the longest answers,
/// large embeddings, calls left in the middle and bodies that never end. Never waits longer than a moment before the next try.
/// </summary>
internal sealed class HostileTenant(string api, string key) : IAsyncDisposable
{
    private const int Streams = 120;
    private const int Wholes = 60;
    private const int Leavers = 60;
    private const int Embeddings = 60;
    private const int Stalled = 30;

    /// <summary>Connections at once.</summary>
    public const int Connections = Streams + Wholes + Leavers + Embeddings + Stalled;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(300);
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
    {
        BaseAddress = new Uri(api),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private Task _running = Task.CompletedTask;
    private int _answered;
    private int _refused;

    /// <summary>Its calls that got an answer, and those that were refused.</summary>
    public (int Answered, int Refused) Calls => (Volatile.Read(ref _answered), Volatile.Read(ref _refused));

    public void Start() => _running = Task.WhenAll(
    [
        .. Repeat(Streams, token => CallAsync("/v1/completions", Long(4, stream: true), token)),
        .. Repeat(Wholes, token => CallAsync("/v1/completions", Long(20, stream: false), token)),
        .. Repeat(Leavers, LeaveAsync),
        .. Repeat(Embeddings, token => CallAsync("/v1/embeddings", Texts, token)),
        .. Repeat(Stalled, token => SendAsync("/v1/completions", new StallingContent(), token)),
    ]);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _http.Dispose();
        _stop.Dispose();
    }

    private static StringContent Long(int choices, bool stream) => Json(
        $$"""{"model":"tiny-assistant","prompt":"Once","max_tokens":480,"n":{{choices}},"logit_bias":{"0":-100,"2":-100}"""
        + $$""","stream":{{(stream ? "true" : "false")}}}""");

    private static StringContent Texts => Json(
        """{"model":"tiny-embed","input":["""
        + string.Join(',', Enumerable.Repeat("\"a toll gate is a gate across a road where travellers pay\"", 500))
        + "]}");

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private IEnumerable<Task> Repeat(int connections, Func<CancellationToken, Task> call) =>
        Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await call(_stop.Token);
                    await Task.Delay(Pause, TimeProvider.System, _stop.Token);
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
                {
                    continue; // Refused, cut off, left or stopped: the loop's condition says which.
                }
            }
        }));

    private Task CallAsync(string path, HttpContent body, CancellationToken cancellationToken) => SendAsync(path, body, cancellationToken);

    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        impatience.CancelAfter(Impatience);
        await SendAsync("/v1/completions", Long(8, stream: false), impatience.Token);
    }

    private async Task SendAsync(string path, HttpContent body, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsync(path, body, cancellationToken);
        Interlocked.Increment(ref response.IsSuccessStatusCode ? ref _answered : ref _refused);
    }

    /// <summary>A body that is announced and does not come.</summary>
    private sealed class StallingContent : HttpContent
    {
        public StallingContent() => Headers.ContentType = new MediaTypeHeaderValue("application/json");

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("{"u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 1000;
            return true;
        }
    }
}
