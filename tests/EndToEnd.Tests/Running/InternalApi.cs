using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>The doors between the services, as each service opens them with its own bearers.</summary>
internal sealed class InternalApi(Endpoints endpoints)
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Makes a key in the operator's project and tells its id.</summary>
    public async Task<CreatedKey> CreateKeyAsync(string name, long? requestsPerMinute = null, decimal? budgetUsd = null)
    {
        var request = Request(HttpMethod.Post, $"{endpoints.AccountsInternal}/internal/keys", "operator", "accounts");
        request.Content = JsonContent.Create(
            new CreateOperatorKey(name, requestsPerMinute, null, budgetUsd), ContractsJson.Default.CreateOperatorKey);
        return await SendAsync(request, ContractsJson.Default.CreatedKey);
    }

    /// <summary>What the worker serves and how busy it is.</summary>
    public Task<WorkerStatus> WorkerStatusAsync() =>
        SendAsync(Request(HttpMethod.Get, $"{endpoints.WorkerInternal}/internal/status", "gateway", "inference"),
            ContractsJson.Default.WorkerStatus);

    /// <summary>Requests in the worker's slots, over all models.</summary>
    public async Task<int> ActiveAsync() => (await WorkerStatusAsync()).Models.Sum(model => model.Active + model.Queued);

    /// <summary>The worker's own log of what it generated.</summary>
    public async Task<IReadOnlyList<WitnessEntry>> WitnessAsync()
    {
        var entries = new List<WitnessEntry>();
        var after = 0L;
        while (true)
        {
            var page = await SendAsync(
                Request(HttpMethod.Get, $"{endpoints.WorkerInternal}/internal/witness?after={after}", "operator", "inference"),
                ContractsJson.Default.WitnessPage);
            entries.AddRange(page.Entries);
            if (page.Entries.Count == 0)
            {
                return entries;
            }

            after = page.Next;
        }
    }

    /// <summary>What Prometheus gets of a service.</summary>
    /// <param name="service">Its name among the bearers, such as <c>inference</c>.</param>
    public async Task<string> MetricsAsync(string service)
    {
        var address = service switch
        {
            "gateway" => endpoints.GatewayInternal,
            "accounts" => endpoints.AccountsInternal,
            "billing" => endpoints.BillingInternal,
            "learning" => endpoints.LearningInternal,
            _ => endpoints.WorkerInternal,
        };
        using var response = await Http.SendAsync(Request(HttpMethod.Get, $"{address}/metrics", "metrics", service));
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    private HttpRequestMessage Request(HttpMethod method, string url, string caller, string callee)
    {
        var file = Path.Combine(Path.GetDirectoryName(endpoints.OperatorBearers)!, caller + "_bearers");
        var tokens = new ServiceTokens(Options.Create(new ClusterOptions { Bearers = File.ReadAllText(file) }));
        return new HttpRequestMessage(method, url) { Headers =
            { Authorization = new AuthenticationHeaderValue("Bearer", tokens.For(callee)) } };
    }

    private static async Task<T> SendAsync<T>(HttpRequestMessage request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using var response = await Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(type)
            ?? throw new InvalidOperationException($"{request.RequestUri} answered null.");
    }
}
