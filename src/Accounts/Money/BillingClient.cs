using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Caching.Memory;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Money;

/// <summary>Calls Billing. When Billing is down, a page gets the last known figure, marked as old, instead of an error.</summary>
internal sealed partial class BillingClient(
    IHttpClientFactory clients, IMemoryCache lastKnown, TimeProvider clock, ILogger<BillingClient> logger)
{
    public const string Name = "billing";

    public const string NothingChanged = "Billing is not reachable right now. Nothing was changed; try again in a moment.";

    public Task<Figure<WalletState>> GetWalletAsync(Guid organizationId, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/wallet", $"wallet {organizationId}", ContractsJson.Default.WalletState,
        cancellationToken);

    /// <summary>Reads the newest lines of an organization's statement.</summary>
    public Task<Figure<IReadOnlyList<StatementLine>>> GetStatementAsync(
        Guid organizationId, int limit, CancellationToken cancellationToken) => GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"/internal/organizations/{organizationId}/ledger?limit={limit}"),
        $"ledger {organizationId}", ContractsJson.Default.IReadOnlyListStatementLine, cancellationToken);

    /// <param name="bucket"><c>hour</c> or <c>day</c>.</param>
    public Task<Figure<UsageReport>> GetUsageAsync(
        Guid organizationId, DateTimeOffset from, DateTimeOffset to, string bucket, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/usage?{Range(from, to)}&bucket={bucket}",
        $"usage {organizationId} {bucket} {(to - from).TotalHours:0}", ContractsJson.Default.UsageReport, cancellationToken);

    /// <summary>Reads usage in buckets. Returns null when Billing is down: an old figure would be wrong.</summary>
    public async Task<UsageReport?> FindUsageAsync(Guid organizationId, UsageBucketQuery query, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.PostAsJsonAsync(
                $"/internal/organizations/{organizationId}/usage/buckets", query, ContractsJson.Default.UsageBucketQuery,
            cancellationToken);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync(ContractsJson.Default.UsageReport, cancellationToken);
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, "usage", exception.Message);
            return null;
        }
    }

    /// <summary>Reads the usage of all organizations.</summary>
    /// <param name="by"><c>organization</c> or <c>model</c>.</param>
    public Task<Figure<UsageReport>> GetAllUsageAsync(
        DateTimeOffset from, DateTimeOffset to, string bucket, string by, CancellationToken cancellationToken) => GetAsync(
        $"/internal/usage?{Range(from, to)}&bucket={bucket}&by={by}",
        $"usage {bucket} {by} {(to - from).TotalHours:0}", ContractsJson.Default.UsageReport, cancellationToken);

    public Task<Figure<PriceSnapshot>> GetPricesAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/prices", "prices", ContractsJson.Default.PriceSnapshot, cancellationToken);

    /// <summary>
    /// Checks an order for a price without changing anything. Returns its faults by Billing's member names; empty when Billing would
    /// accept it.
    /// </summary>
    public Task<IReadOnlyList<(string Member, string Text)>> CheckPriceAsync(SetPrice order, CancellationToken cancellationToken) =>
        OrderPriceAsync("/internal/prices/check", order, cancellationToken);

    /// <summary>Sets or schedules a price. Returns its faults; empty on success.</summary>
    public Task<IReadOnlyList<(string Member, string Text)>> SetPriceAsync(SetPrice order, CancellationToken cancellationToken) =>
        OrderPriceAsync("/internal/prices", order, cancellationToken);

    /// <summary>Withdraws a scheduled price. Returns null on success, otherwise the reason.</summary>
    public async Task<string?> WithdrawPriceAsync(Guid version, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.DeleteAsync($"/internal/prices/{version}", cancellationToken);
            switch (response.StatusCode)
            {
                case HttpStatusCode.NotFound:
                    return "The price was withdrawn meanwhile.";
                case HttpStatusCode.Conflict:
                    return "The price is in force already and cannot be withdrawn. Set another one.";
                default:
                    response.EnsureSuccessStatusCode();
                    return null;
            }
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, "prices", exception.Message);
            return NothingChanged;
        }
    }

    /// <summary>Reads the results of the comparisons of the books.</summary>
    public Task<Figure<BooksState>> GetBooksAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/books", "books", ContractsJson.Default.BooksState, cancellationToken);

    /// <summary>Lists usage that could not be booked and waits for the operator.</summary>
    public Task<Figure<IReadOnlyList<RejectedUsage>>> GetRejectedUsageAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/rejected-usage", "rejected usage", ContractsJson.Default.IReadOnlyListRejectedUsage, cancellationToken);

    /// <summary>Books or dismisses rejected usage. Returns null on success, otherwise the reason.</summary>
    public async Task<string?> ResolveRejectedUsageAsync(
        Guid organizationId, Guid requestId, int seq, ResolveRejectedUsage order, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.PostAsJsonAsync(
                string.Create(CultureInfo.InvariantCulture, $"/internal/rejected-usage/{organizationId}/{requestId}/{seq}"), order,
                ContractsJson.Default.ResolveRejectedUsage, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
            {
                return response.StatusCode == HttpStatusCode.NotFound
                    ? "It waits no more: it was booked or dismissed meanwhile."
                    : (await JsonDocument.ParseAsync(
                        await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken))
                        .RootElement.GetProperty("detail").GetString();
            }

            response.EnsureSuccessStatusCode();
            return null;
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, "rejected usage", exception.Message);
            return NothingChanged;
        }
    }

    /// <summary>Reads the welcome credit given and withheld in the last 24 hours.</summary>
    public Task<Figure<WelcomeCreditReport>> GetWelcomeCreditsAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/welcome-credits", "welcome credits", ContractsJson.Default.WelcomeCreditReport, cancellationToken);

    /// <summary>Opens a wallet. Idempotent.</summary>
    /// <exception cref="HttpRequestException">Billing has not accepted the order.</exception>
    public async Task OpenWalletAsync(Guid organizationId, OpenWallet wallet, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Name);
        using var response = await client.PutAsJsonAsync(
            $"/internal/organizations/{organizationId}/wallet", wallet, ContractsJson.Default.OpenWallet, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Starts a top-up. Returns null when Billing is down or refuses.</summary>
    public async Task<CheckoutStarted?> StartCheckoutAsync(Guid organizationId, StartCheckout order, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.PostAsJsonAsync(
                $"/internal/organizations/{organizationId}/checkouts", order, ContractsJson.Default.StartCheckout, cancellationToken);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync(ContractsJson.Default.CheckoutStarted, cancellationToken);
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, "checkouts", exception.Message);
            return null;
        }
    }

    /// <summary>Reads the progress of a top-up.</summary>
    public Task<Figure<CheckoutState>> GetCheckoutAsync(
        Guid organizationId, Guid checkoutId, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/checkouts/{checkoutId}", $"checkout {organizationId} {checkoutId}",
        ContractsJson.Default.CheckoutState, cancellationToken);

    private async Task<IReadOnlyList<(string Member, string Text)>> OrderPriceAsync(
        string path, SetPrice order, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.PostAsJsonAsync(path, order, ContractsJson.Default.SetPrice, cancellationToken);
            if (response.StatusCode == HttpStatusCode.BadRequest)
            {
                var problem = await response.Content.ReadFromJsonAsync<HttpValidationProblemDetails>(cancellationToken);
                return [.. problem!.Errors.SelectMany(error => error.Value.Select(text => (error.Key, text)))];
            }

            response.EnsureSuccessStatusCode();
            return [];
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, "prices", exception.Message);
            return [("", NothingChanged)];
        }
    }

    private async Task<Figure<T>> GetAsync<T>(string path, string name, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.GetAsync(path, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new Figure<T>(null, IsFresh: true, clock.GetUtcNow()); // Billing answered: the object does not exist, or not yet.
            }

            response.EnsureSuccessStatusCode();
            var figure = new Figure<T>(await response.Content.ReadFromJsonAsync(json, cancellationToken), IsFresh: true, clock.GetUtcNow());
            lastKnown.Set(name, figure, new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromHours(1) });
            return figure;
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, name, exception.Message);
            return lastKnown.TryGetValue(name, out Figure<T>? old) && old is not null
                ? old with { IsFresh = false }
                : new Figure<T>(null, IsFresh: false, null);
        }
    }

    private static bool IsAway(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException
            or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string Range(DateTimeOffset from, DateTimeOffset to) =>
        $"from={Uri.EscapeDataString(from.UtcDateTime.ToString("O"))}&to={Uri.EscapeDataString(to.UtcDateTime.ToString("O"))}";

    [LoggerMessage(1, LogLevel.Information, "Billing did not answer for {Name}: {Reason}")]
    private static partial void LogAway(ILogger logger, string name, string reason);
}

/// <summary>A figure from another service.</summary>
/// <param name="Value">Null when the service has no such object, or was never reached.</param>
/// <param name="IsFresh">False for an old figure, because the service is down.</param>
/// <param name="At">When it was fetched; null for never.</param>
public sealed record Figure<T>(T? Value, bool IsFresh, DateTimeOffset? At)
    where T : class;
