using System.Net;
using System.Net.Http.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Status;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Registration;

/// <summary>Accounts' directory of workers, as this worker writes to it.</summary>
internal sealed class AccountsDirectory(OwnAddress address, StatusReport report, WitnessLog witness, IHttpClientFactory clients)
{
    /// <summary>Name of the client that sends heartbeats.</summary>
    public const string Client = "registration";

    public string WorkerId => report.Current().WorkerId;

    public string Address => address.Read();

    /// <summary>Sends a heartbeat. False when another worker has the name.</summary>
    /// <exception cref="HttpRequestException">Accounts cannot be reached, or fails.</exception>
    public async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(Client);
        using var response = await http.PostAsJsonAsync(
            "/internal/workers", new WorkerHeartbeat(Address, report.Current()), ContractsJson.Default.WorkerHeartbeat, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return false;
        }

        response.EnsureSuccessStatusCode();
        return true;
    }

    /// <summary>Sends the goodbye, with the end of this worker's log.</summary>
    /// <exception cref="HttpRequestException">Accounts cannot be reached, or fails.</exception>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        var status = report.Current();
        using var http = clients.CreateClient(Client);
        using var response = await http.PostAsJsonAsync(
            $"/internal/workers/{Uri.EscapeDataString(status.WorkerId)}/leave",
            new WorkerLeaving(status.StartedAt, new WorkerLogEnd(witness.LogId, witness.End)),
            ContractsJson.Default.WorkerLeaving, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
