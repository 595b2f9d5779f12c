using System.Net;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;

namespace Tollgate.Cli.Hub;

/// <summary>Hugging Face's HTTP API: what a model holds, and its files.</summary>
/// <param name="address">Base address of the hub.</param>
/// <param name="token">Bearer for gated and private models; sent to the hub alone, never to the hosts that it redirects to.</param>
internal sealed class HubClient(Uri address, string? token) : IDisposable
{
    private const int MostListingBytes = 16 << 20;

    private readonly HttpFiles _files = new(address, token);

    /// <summary>Lists a revision.</summary>
    /// <exception cref="OperatorException">There is no such model, or it is not for this token.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    public async Task<HubListing> ListAsync(HubName name, CancellationToken cancellationToken)
    {
        var path = $"api/models/{name}/revision/{Uri.EscapeDataString(name.Revision)}?blobs=true";
        return HubListing.Read(
            await _files.ReadAsync(new Uri(address, path), MostListingBytes, status => Refuse(name, status), cancellationToken));
    }

    /// <summary>Opens a file at a byte; the answer's status says whether it begins there (206) or at its start (200).</summary>
    /// <exception cref="OperatorException">The hub refuses it.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    public Task<HttpResponseMessage> OpenAsync(
        HubName name, string commit, string file, long offset, CancellationToken cancellationToken) => _files.OpenAsync(
            new Uri(address, $"{name}/resolve/{commit}/{Uri.EscapeDataString(file)}"), offset, status => Refuse(name, status),
            cancellationToken);

    public void Dispose() => _files.Dispose();

    /// <summary>What a status means: to be tried again later, or never.</summary>
    private Exception Refuse(HubName name, HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound =>
            new OperatorException($"There is no model {name} with the revision '{name.Revision}' at {address.Host}."),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new OperatorException(
            $"{name} is gated or private. Accept its terms at {new Uri(address, name.ToString())}, and name the file of a token with "
            + "TOLLGATE__Hub__Token_FILE."),
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
            new HttpRequestException($"The hub answers {(int)status}."),
        _ => new OperatorException($"The hub answers {(int)status} for {name}."),
    };
}
