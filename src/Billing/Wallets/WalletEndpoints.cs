using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Jobs;
using Tollgate.Contracts.Money;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Wallets;

/// <summary>Endpoints to open and read wallets, and to report welcome credit.</summary>
internal static class WalletEndpoints
{
    public static IServiceCollection AddWallets(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<WalletOptions>, WalletOptionsValidator>();
        services.AddOptions<WalletOptions>().BindConfiguration(WalletOptions.Section).ValidateOnStart();
        services.AddSingleton<WalletOpening>();
        services.AddSingleton<WalletClosing>();
        services.AddSingleton<WelcomeCredits>();
        services.AddScheduledJob<WaitingCredits>("waiting welcome credits", "20 * * * *");
        return services;
    }

    public static IEndpointRouteBuilder MapWallets(this IEndpointRouteBuilder routes)
    {
        var wallet = routes.MapInternal("/internal/organizations/{organizationId:guid}/wallet", "accounts", "operator");
        wallet.MapPut("", OpenAsync);
        wallet.MapGet("", ReadAsync);
        routes.MapInternal("/internal/organizations/{organizationId:guid}/wallet", "accounts").MapPost("/closing", CloseAsync);
        routes.MapInternal("/internal/welcome-credits", "accounts", "operator").MapGet("", ReportAsync);
        return routes;
    }

    internal static async Task<Ok<WelcomeCreditReport>> ReportAsync(WelcomeCredits welcome, CancellationToken cancellationToken) =>
        TypedResults.Ok(await welcome.ReportAsync(cancellationToken));

    internal static async Task<Results<NoContent, ValidationProblem>> OpenAsync(
        Guid organizationId, OpenWallet opening, WalletOpening wallets, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(opening.Name) || opening.Name.Contains('\0', StringComparison.Ordinal))
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["name"] = ["The wallet needs a name."] });
        }

        await wallets.OpenAsync(organizationId, opening, cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>Removes the names from the money of an organization that is deleted. The same again changes nothing.</summary>
    internal static async Task<Results<Ok<WalletState>, NotFound>> CloseAsync(
        Guid organizationId, WalletClosing closing, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await closing.CloseAsync(organizationId, cancellationToken);
        return await ReadAsync(organizationId, dataSource, cancellationToken);
    }

    internal static async Task<Results<Ok<WalletState>, NotFound>> ReadAsync(
        Guid organizationId, NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        var states = await connection.ReadRowsAsync(
            "select balance, leased, now() from wallets where organization_id = $1",
            row => new WalletState(row.GetDecimal(0), row.GetDecimal(1), row.GetFieldValue<DateTimeOffset>(2)),
            cancellationToken,
            organizationId);
        return states is [var state] ? TypedResults.Ok(state) : TypedResults.NotFound();
    }
}
