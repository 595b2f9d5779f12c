using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Shipping;

/// <summary>Billing's side of shipping, over HTTP. Thread-safe.</summary>
internal sealed class BillingIngest(IHttpClientFactory clients)
{
    /// <summary>Null when Billing knows a newer boot of this journal.</summary>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public async Task<JournalRegistered?> RegisterAsync(RegisterJournal journal, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient("billing");
        using var response = await http.PostAsJsonAsync(
            "/internal/journals", journal, ContractsJson.Default.RegisterJournal, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ContractsJson.Default.JournalRegistered, cancellationToken)
            ?? throw new JsonException("The registration is null.");
    }

    /// <summary>Null when Billing knows a newer boot of this journal.</summary>
    /// <param name="batch">As <see cref="UsageBatchFormat"/> writes it.</param>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public async Task<UsageBooked?> BookAsync(byte[] batch, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient("billing");
        using var content = UsageBatchFormat.ToContent(batch);
        using var response = await http.PostAsync("/internal/usage", content, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ContractsJson.Default.UsageBooked, cancellationToken)
            ?? throw new JsonException("The answer is null.");
    }

    /// <summary>All is shipped and nothing runs: fences need not wait for this journal.</summary>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public async Task DeregisterAsync(Guid journalId, long boot, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient("billing");
        using var response = await http.DeleteAsync($"/internal/journals/{journalId:D}?boot={boot}", cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
