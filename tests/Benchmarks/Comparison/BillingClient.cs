using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>Speaks to a cluster's Billing as whichever service is named.</summary>
internal sealed class BillingClient(TollgateCluster cluster) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(cluster.BillingInternal), Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Sends <paramref name="body"/> and expects success without reading an answer.</summary>
    public async Task SendAsync<T>(HttpMethod method, string self, string path, T body, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(Request(method, self, path, body), cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Sends <paramref name="body"/> and reads the answer.</summary>
    public async Task<TAnswer> AskAsync<T, TAnswer>(
        HttpMethod method, string self, string path, T body, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(Request(method, self, path, body), cancellationToken);
        response.EnsureSuccessStatusCode();
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public async Task<TAnswer> GetAsync<TAnswer>(string self, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = Bearer(self) } };
        using var response = await _http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)ContractsJson.Default.Options.GetTypeInfo(typeof(T));

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync(Type<T>(), cancellationToken)
        ?? throw new InvalidOperationException("Billing answered null.");

    private HttpRequestMessage Request<T>(HttpMethod method, string self, string path, T body) => new(method, path)
    {
        Headers = { Authorization = Bearer(self) },
        Content = body is UsageBatch batch ? UsageBatchFormat.ToContent(batch) : JsonContent.Create(body, Type<T>()),
    };

    private AuthenticationHeaderValue Bearer(string self) => new(
        "Bearer", new ServiceTokens(Options.Create(new ClusterOptions { Bearers = cluster.Secrets.Bearers[self] })).For("billing"));
}
