using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Clusters;

/// <summary>Speaks to the internal listeners of a cluster as the operator.</summary>
/// <param name="bearers">Text of the operator's bearer file.</param>
public sealed class OperatorClient(string bearers) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ServiceTokens _tokens = new(Options.Create(new ClusterOptions { Bearers = bearers }));

    /// <param name="service">Name of the service that listens at <paramref name="url"/>; the bearer depends on it.</param>
    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task<TAnswer> GetAsync<TAnswer>(string service, string url, JsonTypeInfo<TAnswer> answer)
    {
        using var response = await SendAsync(service, HttpMethod.Get, url, null);
        return (await response.Content.ReadFromJsonAsync(answer))!;
    }

    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string service, string url, TBody body, JsonTypeInfo<TBody> bodyJson, JsonTypeInfo<TAnswer> answer)
    {
        using var response = await SendAsync(service, HttpMethod.Post, url, JsonContent.Create(body, bodyJson));
        return (await response.Content.ReadFromJsonAsync(answer))!;
    }

    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task PostAsync(string service, string url)
    {
        using var response = await SendAsync(service, HttpMethod.Post, url, null);
    }

    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task PostAsync<TBody>(string service, string url, TBody body, JsonTypeInfo<TBody> bodyJson)
    {
        using var response = await SendAsync(service, HttpMethod.Post, url, JsonContent.Create(body, bodyJson));
    }

    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task PutAsync<TBody>(string service, string url, TBody body, JsonTypeInfo<TBody> bodyJson)
    {
        using var response = await SendAsync(service, HttpMethod.Put, url, JsonContent.Create(body, bodyJson));
    }

    /// <exception cref="HttpRequestException">It did not answer, or not with a success.</exception>
    public async Task DeleteAsync(string service, string url)
    {
        using var response = await SendAsync(service, HttpMethod.Delete, url, null);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(string service, HttpMethod method, string url, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _tokens.For(service));
        var response = await _http.SendAsync(request);
        if (!response.IsSuccessStatusCode)
        {
            var text = await response.Content.ReadAsStringAsync();
            response.Dispose();
            throw new HttpRequestException($"{service} answered {(int)response.StatusCode} to {method} {url}: {text}");
        }

        return response;
    }
}
