using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>What a gateway answered.</summary>
/// <param name="Code">Of the error; null for a success.</param>
/// <param name="At">Timestamp of the clock when the whole answer was there.</param>
internal sealed record Answered(int Status, string? Code, long At);

/// <summary>Sends single requests to gateways.</summary>
internal sealed class ApiProbe(TimeProvider clock) : IDisposable
{
    private const string Body =
        """{"model":"tiny-assistant","max_tokens":1,"messages":[{"role":"user","content":"What is the capital of France?"}]}""";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public async Task<Answered> CallAsync(string gateway, HttpMethod method, string keyText)
    {
        var isPost = method == HttpMethod.Post;
        using var request = new HttpRequestMessage(method, gateway + (isPost ? "/v1/chat/completions" : "/v1/models"))
        {
            Content = isPost ? new StringContent(Body, Encoding.UTF8, "application/json") : null,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", keyText);
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var at = clock.GetTimestamp();
        using var json = JsonDocument.Parse(text);
        var code = json.RootElement.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;
        return new Answered((int)response.StatusCode, code, at);
    }

    /// <summary>The same request to each gateway, all at once.</summary>
    public Task<Answered[]> CallAllAsync(IReadOnlyList<string> gateways, HttpMethod method, string keyText) =>
        Task.WhenAll(gateways.Select(gateway => CallAsync(gateway, method, keyText)));

    public void Dispose() => _http.Dispose();
}
