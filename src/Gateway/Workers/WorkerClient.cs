using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Workers;

/// <summary>The one HTTP client to workers: HTTP/1.1 with kept connections, no redirects, no cookies, no decompression, no trace headers.
/// Thread-safe.</summary>
internal sealed class WorkerClient : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(250), // Past the end of a stream only its last chunk is left.
    });

    private readonly AuthenticationHeaderValue _bearer;

    public WorkerClient(ServiceTokens tokens) => _bearer = new AuthenticationHeaderValue("Bearer", tokens.For("inference"));

    /// <summary>A request to <paramref name="worker"/> that shows this gateway's bearer.</summary>
    /// <param name="path">Without a slash at the front.</param>
    public HttpRequestMessage Request(HttpMethod method, Worker worker, string path) => new(method, new Uri(worker.Url, path))
    {
        Headers = { Authorization = _bearer },
    };

    /// <summary>Sends and returns as soon as the answer's headers are read.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _http.SendAsync(request, cancellationToken);

    /// <summary>Ends a request at a worker.</summary>
    /// <returns>What the worker says once the request has left its slot; null when it does not say so in time.</returns>
    public async Task<Cancelled?> CancelAsync(Worker worker, Guid requestId, TimeSpan patience, TimeProvider clock)
    {
        using var limit = new CancellationTokenSource(patience, clock);
        try
        {
            using var request = Request(
                HttpMethod.Post, worker, string.Create(CultureInfo.InvariantCulture, $"internal/requests/{requestId:N}/cancel"));
            request.Content = new ByteArrayContent([]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await SendAsync(request, limit.Token);
            return response.IsSuccessStatusCode
                ? await response.Content.ReadFromJsonAsync(ContractsJson.Default.Cancelled, limit.Token) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();
}
