using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tollgate.Chaos.Tests.Away;

/// <summary>An answer in one piece as its client sees it.</summary>
/// <param name="Code">Of the error; null for a good answer.</param>
internal sealed record Answer(int Status, string? Code, bool SaysWhenToRetry, Guid RequestId, long Prompt, long Completion, string Body);

/// <summary>Calls the public API step by step, so that a test can do something between two of them. Never retries.</summary>
internal sealed class ApiCaller(string api) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        BaseAddress = new Uri(api),
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>A short chat in one piece.</summary>
    public async Task<Answer> AskAsync(string key)
    {
        const string Body =
            """{"model":"tiny-assistant","max_tokens":8,"messages":[{"role":"user","content":"What is the capital of France?"}]}""";
        using var response = await SendAsync(HttpMethod.Post, "/v1/chat/completions", key, Body);
        return await ReadAsync(response);
    }

    /// <summary>The list of models.</summary>
    public async Task<Answer> ListAsync(string key)
    {
        using var response = await SendAsync(HttpMethod.Get, "/v1/models", key, null);
        return await ReadAsync(response);
    }

    /// <summary>A stream of four choices that cannot end before each has so many tokens.</summary>
    public async Task<Stream> StreamAsync(string key, int tokens = 480)
    {
        var body =
            $$"""{"model":"tiny-assistant","prompt":"Once","max_tokens":{{tokens}},"n":4,"logit_bias":{"0":-100,"2":-100},"stream":true}""";
        var response = await SendAsync(HttpMethod.Post, "/v1/completions", key, body);
        Assert.Equal(200, (int)response.StatusCode);
        return new Stream(response, await response.Content.ReadAsStreamAsync());
    }

    public void Dispose() => _http.Dispose();

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string key, string? body)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static Guid RequestId(HttpResponseMessage response) =>
        Guid.ParseExact(response.Headers.GetValues("x-request-id").Single()["req_".Length..], "N");

    private static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        using var json = JsonDocument.Parse(text);
        var code = json.RootElement.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() ?? "none" : null;
        var hasUsage = json.RootElement.TryGetProperty("usage", out var usage);
        return new Answer(
            (int)response.StatusCode, code, response.Headers.RetryAfter is not null, RequestId(response),
            hasUsage ? usage.GetProperty("prompt_tokens").GetInt64() : 0, hasUsage ? usage.GetProperty("completion_tokens").GetInt64() : 0,
            text);
    }

    /// <summary>A running stream.</summary>
    internal sealed class Stream(HttpResponseMessage response, System.IO.Stream body) : IDisposable
    {
        private readonly StreamReader _reader = new(body);

        public Guid RequestId { get; } = ApiCaller.RequestId(response);

        /// <summary>Tokens in whole events that arrived.</summary>
        public long Received { get; private set; }

        /// <summary>The data of the last event.</summary>
        public string Last { get; private set; } = "";

        /// <summary>Reads until so many tokens have arrived, or to the end.</summary>
        public async Task<Stream> ReadAsync(long tokens = long.MaxValue)
        {
            var (id, data) = (0L, "");
            while (Received < tokens && await _reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    id = long.Parse(line.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture);
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    data = line[6..];
                }
                else if (line.Length == 0)
                {
                    (Last, Received) = (data, Math.Max(Received, id));
                }
            }

            return this;
        }

        public void Dispose()
        {
            _reader.Dispose();
            response.Dispose();
        }
    }
}
