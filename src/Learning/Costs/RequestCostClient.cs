using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Reports;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Costs;

/// <summary>Asks Billing what requests cost.</summary>
internal sealed class RequestCostClient(IHttpClientFactory clients)
{
    /// <summary>Name of Billing in <c>service-calls</c> and <c>Services:</c>.</summary>
    public const string Client = "billing";

    /// <summary>The rows of requests, at most <see cref="RequestCostQuery.Most"/>; null while a row of them is not booked.</summary>
    /// <param name="all">False to sum the rows that are booked.</param>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public async Task<RequestCosts?> SumAsync(
        Guid organization, IReadOnlyList<Guid> requests, bool all, CancellationToken cancellationToken)
    {
        if (requests.Count == 0)
        {
            return new RequestCosts(0, 0);
        }

        using var client = clients.CreateClient(Client);
        using var response = await client.PostAsJsonAsync(
            $"/internal/organizations/{organization}/usage/costs", new RequestCostQuery([.. requests]),
            ContractsJson.Default.RequestCostQuery, cancellationToken);
        response.EnsureSuccessStatusCode();
        var costs = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.RequestCosts, cancellationToken))!;
        return all && costs.Booked < requests.Count ? null : costs;
    }
}

/// <summary>Registers the client.</summary>
internal static class CostsSlice
{
    /// <summary>Asks <c>Services:billing</c>.</summary>
    public static WebApplicationBuilder AddCosts(this WebApplicationBuilder builder)
    {
        builder.Services.AddInternalClient(RequestCostClient.Client, builder.Configuration);
        builder.Services.AddSingleton<RequestCostClient>();
        return builder;
    }
}
