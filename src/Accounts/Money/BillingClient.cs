using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Caching.Memory;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Money;

/// <summary>Asks Billing. A page never fails because Billing is away: it gets the last figure that came, marked as old.</summary>
internal sealed partial class BillingClient(
    IHttpClientFactory clients, IMemoryCache lastKnown, TimeProvider clock, ILogger<BillingClient> logger)
{
    public const string Name = "billing";

    public Task<Figure<WalletState>> GetWalletAsync(Guid organizationId, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/wallet", $"wallet {organizationId}", ContractsJson.Default.WalletState,
        cancellationToken);

    /// <summary>The newest lines of an organization's statement.</summary>
    public Task<Figure<IReadOnlyList<StatementLine>>> GetStatementAsync(
        Guid organizationId, int limit, CancellationToken cancellationToken) => GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"/internal/organizations/{organizationId}/ledger?limit={limit}"),
        $"ledger {organizationId}", ContractsJson.Default.IReadOnlyListStatementLine, cancellationToken);

    /// <param name="bucket"><c>hour</c> or <c>day</c>.</param>
    public Task<Figure<UsageReport>> GetUsageAsync(
        Guid organizationId, DateTimeOffset from, DateTimeOffset to, string bucket, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/usage?{Range(from, to)}&bucket={bucket}",
        $"usage {organizationId} {bucket} {(to - from).TotalHours:0}", ContractsJson.Default.UsageReport, cancellationToken);

    /// <summary>Usage of all organizations.</summary>
    /// <param name="by"><c>organization</c> or <c>model</c>.</param>
    public Task<Figure<UsageReport>> GetAllUsageAsync(
        DateTimeOffset from, DateTimeOffset to, string bucket, string by, CancellationToken cancellationToken) => GetAsync(
        $"/internal/usage?{Range(from, to)}&bucket={bucket}&by={by}",
        $"usage {bucket} {by} {(to - from).TotalHours:0}", ContractsJson.Default.UsageReport, cancellationToken);

    public Task<Figure<PriceSnapshot>> GetPricesAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/prices", "prices", ContractsJson.Default.PriceSnapshot, cancellationToken);

    /// <summary>What the comparisons of the books found.</summary>
    public Task<Figure<BooksState>> GetBooksAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/books", "books", ContractsJson.Default.BooksState, cancellationToken);

    /// <summary>Usage that could not be booked and waits for the operator.</summary>
    public Task<Figure<IReadOnlyList<RejectedUsage>>> GetRejectedUsageAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/rejected-usage", "rejected usage", ContractsJson.Default.IReadOnlyListRejectedUsage, cancellationToken);

    /// <summary>Books or dismisses rejected usage. Null when it is done, otherwise why it is not.</summary>
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
            return "Billing is not reachable right now. Nothing was changed; try again in a moment.";
        }
    }

    /// <summary>Welcome credit of the last 24 hours, given and withheld.</summary>
    public Task<Figure<WelcomeCreditReport>> GetWelcomeCreditsAsync(CancellationToken cancellationToken) =>
        GetAsync("/internal/welcome-credits", "welcome credits", ContractsJson.Default.WelcomeCreditReport, cancellationToken);

    /// <summary>Opens a wallet; twice does no harm.</summary>
    /// <exception cref="HttpRequestException">Billing has not taken it.</exception>
    public async Task OpenWalletAsync(Guid organizationId, OpenWallet wallet, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Name);
        using var response = await client.PutAsJsonAsync(
            $"/internal/organizations/{organizationId}/wallet", wallet, ContractsJson.Default.OpenWallet, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Starts a top-up. Null when Billing is away or refuses.</summary>
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

    /// <summary>How far a top-up is.</summary>
    public Task<Figure<CheckoutState>> GetCheckoutAsync(
        Guid organizationId, Guid checkoutId, CancellationToken cancellationToken) => GetAsync(
        $"/internal/organizations/{organizationId}/checkouts/{checkoutId}", $"checkout {organizationId} {checkoutId}",
        ContractsJson.Default.CheckoutState, cancellationToken);

    private async Task<Figure<T>> GetAsync<T>(string path, string name, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var client = clients.CreateClient(Name);
            using var response = await client.GetAsync(path, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new Figure<T>(null, IsFresh: true, clock.GetUtcNow()); // Billing answered: it does not know it, or not yet.
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

/// <summary>What another service said.</summary>
/// <param name="Value">Null when it knows nothing, or was never reached.</param>
/// <param name="IsFresh">False when this is from before, because the service is away now.</param>
/// <param name="At">When it was fetched; null never.</param>
public sealed record Figure<T>(T? Value, bool IsFresh, DateTimeOffset? At)
    where T : class;
