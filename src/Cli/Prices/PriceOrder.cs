using System.Net;
using System.Net.Http.Json;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Prices;

/// <summary>Orders prices at Accounts, which checks them, passes them on to Billing and writes an audit entry.</summary>
internal static class PriceOrder
{
    public const string Path = "/internal/prices";

    /// <summary>Sets or schedules a price.</summary>
    /// <exception cref="OperatorException">The price has faults, one line each, or a service is away.</exception>
    public static async Task SendAsync(OperatorClient client, SetPrice price, CancellationToken cancellationToken)
    {
        using var answer = await client.AskAsync(
            "accounts", HttpMethod.Post, Path, JsonContent.Create(price, ContractsJson.Default.SetPrice), cancellationToken);
        if (answer.StatusCode == HttpStatusCode.BadRequest)
        {
            PriceOptions.Require(await OperatorClient.ReadFaultsAsync(answer, cancellationToken));
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
    }
}
