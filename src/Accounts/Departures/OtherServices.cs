using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tollgate.Accounts.Learning;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// Asks Learning and Billing about a whole organization. Nothing is taken from a cache: what cannot be read is a failure.
/// </summary>
internal sealed class OtherServices(IHttpClientFactory clients)
{
    private const int FilesOfPage = 1_000;

    /// <summary>How long Learning may take for one step.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Destroys some more of what an organization keeps. Again, it goes on.</summary>
    /// <exception cref="HttpRequestException">Learning is away.</exception>
    public Task<DestroyedContents> DestroyContentsAsync(Guid organizationId, CancellationToken cancellationToken) => AskAsync(
        LearningClient.Name, new HttpRequestMessage(HttpMethod.Delete, $"/internal/organizations/{organizationId}/contents"),
        ContractsJson.Default.DestroyedContents, cancellationToken)!;

    /// <summary>Lists a page of a project's files, oldest first.</summary>
    /// <param name="after">Id of the last file of the page before; null for the first page.</param>
    /// <exception cref="HttpRequestException">Learning is away.</exception>
    public Task<FilePageEntry> ListFilesAsync(Guid organizationId, Guid projectId, string? after, CancellationToken cancellationToken)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture, $"{ProjectFiles.Path}?order=asc&limit={FilesOfPage}{(after is null ? "" : $"&after={after}")}");
        var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Headers =
            {
                { LearningHeaders.Organization, organizationId.ToString("N") },
                { LearningHeaders.Project, projectId.ToString("N") },
                { LearningHeaders.Key, LearningHeaders.NoKey },
            },
        };
        return AskAsync(LearningClient.Name, request, FileWire.Default.FilePageEntry, cancellationToken)!;
    }

    /// <summary>Removes names from an organization's money. Again, it changes nothing.</summary>
    /// <returns>The wallet; null for an organization without one.</returns>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public Task<WalletState?> CloseWalletAsync(Guid organizationId, CancellationToken cancellationToken) => AskAsync(
        BillingClient.Name, new HttpRequestMessage(HttpMethod.Post, $"/internal/organizations/{organizationId}/wallet/closing"),
        ContractsJson.Default.WalletState, cancellationToken);

    /// <summary>Reads a page of an organization's whole statement.</summary>
    /// <param name="after"><see cref="LedgerPage.Next"/> of the page before; null for the first page.</param>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public Task<LedgerPage> ReadLedgerAsync(Guid organizationId, string? after, CancellationToken cancellationToken) => AskAsync(
        BillingClient.Name,
        new HttpRequestMessage(
            HttpMethod.Get,
            $"/internal/organizations/{organizationId}/ledger/pages{(after is null ? "" : $"?after={Uri.EscapeDataString(after)}")}"),
        ContractsJson.Default.LedgerPage, cancellationToken)!;

    /// <summary>Reads an organization's usage by UTC day.</summary>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public Task<UsageReport> ReadUsageAsync(
        Guid organizationId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) => AskAsync(
        BillingClient.Name,
        new HttpRequestMessage(
            HttpMethod.Get,
            $"/internal/organizations/{organizationId}/usage?from={Text(from)}&to={Text(to)}&bucket=day"),
        ContractsJson.Default.UsageReport, cancellationToken)!;

    /// <summary>Whether a call failed because the other service is away.</summary>
    public static bool IsAway(Exception exception, CancellationToken cancellationToken) =>
        LearningClient.IsAway(exception, cancellationToken);

    private static string Text(DateTimeOffset at) => Uri.EscapeDataString(at.UtcDateTime.ToString("O"));

    /// <returns>Null for 404.</returns>
    private async Task<T?> AskAsync<T>(
        string service, HttpRequestMessage request, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using (request)
        {
            using var client = clients.CreateClient(service);
            using var response = await client.SendAsync(request, patience.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync(json, patience.Token) ?? throw new JsonException("An answer is empty.");
        }
    }
}
