using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>A small open client of the public API: it shows every byte that an official client hides, and never retries.</summary>
/// <param name="api">Base address without <c>/v1</c>.</param>
/// <param name="key">Sent as bearer; null sends none.</param>
internal sealed class ApiClient(string api, string? key) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        BaseAddress = new Uri(api),
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Posts a body and reads the whole answer.</summary>
    /// <param name="body">Serialized, unless it is a text, which goes out as it is.</param>
    /// <param name="idempotencyKey">Null sends none.</param>
    public Task<ApiAnswer> PostAsync(string path, object body, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, Content(body), idempotencyKey);

    public Task<ApiAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <summary>Sends any request and reads the whole answer.</summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, HttpContent? content, string? idempotencyKey = null)
    {
        using var request = Request(method, path, content, idempotencyKey);
        using var response = await _http.SendAsync(request);
        return new ApiAnswer(response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a body and gives the event stream as soon as its headers are there.</summary>
    /// <exception cref="UnexpectedAnswerException">The answer is not an event stream.</exception>
    public async Task<EventStream> StreamAsync(string path, object body, string? idempotencyKey = null)
    {
        using var request = Request(HttpMethod.Post, path, Content(body), idempotencyKey);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            using (response)
            {
                throw new UnexpectedAnswerException(new ApiAnswer(response, await response.Content.ReadAsStringAsync()));
            }
        }

        return await EventStream.OpenAsync(response);
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return request;
    }

    private static StringContent Content(object body) =>
        new(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
}
