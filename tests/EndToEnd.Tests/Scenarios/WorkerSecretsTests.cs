using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What a taken-over worker could do with all that its environment holds or names.</summary>
[Collection(SharedTollgate.Name)]
public sealed partial class WorkerSecretsTests(SharedTollgate shared)
{
    [Fact]
    public async Task Nothing_in_the_workers_environment_opens_what_a_worker_does_not_call()
    {
        var running = shared.Running;
        var endpoints = running.Endpoints;
        var variables = (await File.ReadAllTextAsync($"/proc/{endpoints.Pids.Worker}/environ")).Split('\0');
        var values = variables.Where(variable => variable.StartsWith("TOLLGATE__", StringComparison.Ordinal))
            .Select(variable => variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        var texts = values.SelectMany(value => File.Exists(value) ? new[] { value, File.ReadAllText(value) } : [value]);

        var found = texts.SelectMany(text => Secret().Matches(text).Select(match => match.Value)).Distinct().ToList();

        Assert.Equal(6, found.Count); // The bearers that it sends to two services, and the hashes of its four callers' bearers.
        using var http = new HttpClient();
        foreach (var (method, url) in new[]
        {
            (HttpMethod.Get, endpoints.AccountsInternal + "/internal/workers/list"),
            (HttpMethod.Get, endpoints.AccountsInternal + "/internal/workers"),
            (HttpMethod.Get, endpoints.AccountsInternal + "/metrics"),
            (HttpMethod.Post, endpoints.AccountsInternal + "/internal/keys"),
            (HttpMethod.Post, endpoints.AccountsInternal + "/internal/bootstrap"),
            (HttpMethod.Get, endpoints.BillingInternal + "/internal/prices"),
            (HttpMethod.Get, endpoints.BillingInternal + "/internal/journals"),
            (HttpMethod.Get, endpoints.GatewayInternal + "/internal/fleet"),
            (HttpMethod.Get, endpoints.WorkerInternal + "/internal/status"),
            (HttpMethod.Get, endpoints.WorkerInternal + "/internal/witness"),
        })
        {
            foreach (var secret in found)
            {
                using var request = new HttpRequestMessage(method, url);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
                using var response = await http.SendAsync(request);
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            }
        }

        var own = File.ReadAllText(Path.Combine(Path.GetDirectoryName(endpoints.OperatorBearers)!, "inference_bearers"));
        Assert.NotNull(ServiceBearers.Parse(own).To("accounts"));
    }

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Secret();
}
