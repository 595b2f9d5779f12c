using System.Net;
using System.Net.Http.Headers;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Hub;

/// <summary>Hugging Face's HTTP API: what a model holds, and its files.</summary>
/// <param name="address">Base address of the hub.</param>
/// <param name="token">Bearer for gated and private models; sent to the hub alone, never to the hosts that it redirects to.</param>
internal sealed class HubClient(Uri address, string? token) : IDisposable
{
    private const int MostRedirects = 5;
    private const int MostListingBytes = 16 << 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15),
    })
    {
        Timeout = TimeSpan.FromMinutes(1), // to the headers; a body has limits of its own
        MaxResponseContentBufferSize = MostListingBytes,
    };

    /// <summary>Lists a revision.</summary>
    /// <exception cref="OperatorException">There is no such model, or it is not for this token.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    public async Task<HubListing> ListAsync(HubName name, CancellationToken cancellationToken)
    {
        var path = $"api/models/{name}/revision/{Uri.EscapeDataString(name.Revision)}?blobs=true";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_http.Timeout);
        using var answer = await GetAsync(name, new Uri(address, path), offset: 0, limit.Token);
        await answer.Content.LoadIntoBufferAsync(MostListingBytes, limit.Token);
        return HubListing.Read(await answer.Content.ReadAsByteArrayAsync(limit.Token));
    }

    /// <summary>Opens a file at a byte; the answer's status says whether it begins there (206) or at its start (200).</summary>
    /// <exception cref="OperatorException">The hub refuses it.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    public Task<HttpResponseMessage> OpenAsync(
        HubName name, string commit, string file, long offset, CancellationToken cancellationToken) =>
        GetAsync(name, new Uri(address, $"{name}/resolve/{commit}/{Uri.EscapeDataString(file)}"), offset, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> GetAsync(HubName name, Uri uri, long offset, CancellationToken cancellationToken)
    {
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            var answer = await SendAsync(uri, offset, cancellationToken);
            if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            {
                return answer;
            }

            using (answer)
            {
                uri = answer.Headers.Location is { } location && (int)answer.StatusCode is 301 or 302 or 303 or 307 or 308
                    ? Follow(uri, location) : throw Refuse(name, answer.StatusCode);
            }
        }

        throw new OperatorException($"The hub redirects more than {MostRedirects} times.");
    }

    private async Task<HttpResponseMessage> SendAsync(Uri uri, long offset, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Tollgate", null));
        if (token is not null && uri.Authority == address.Authority && uri.Scheme == address.Scheme)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Where a redirect leads: never from an encrypted connection to one that is not.</summary>
    private Uri Follow(Uri from, Uri location)
    {
        var target = new Uri(from, location);
        return target.Scheme == Uri.UriSchemeHttps || (target.Scheme == Uri.UriSchemeHttp && address.Scheme == Uri.UriSchemeHttp)
            ? target : throw new OperatorException($"The hub redirects to '{target.Scheme}', which is not followed.");
    }

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
