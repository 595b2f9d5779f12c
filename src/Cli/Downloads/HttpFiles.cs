using System.Net;
using System.Net.Http.Headers;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Downloads;

/// <summary>Reads from a host and from the hosts that it redirects to.</summary>
/// <param name="home">The host's address.</param>
/// <param name="token">Bearer for this host alone; null for none.</param>
internal sealed class HttpFiles(Uri home, string? token) : IDisposable
{
    private const int MostRedirects = 5;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15),
    })
    {
        Timeout = TimeSpan.FromMinutes(1), // to the headers; a body has limits of its own
    };

    /// <summary>Opens a file at a byte; the answer's status says whether it begins there (206) or at its start (200).</summary>
    /// <param name="refuse">What any other status means: an <see cref="HttpRequestException"/> is worth another try.</param>
    /// <exception cref="OperatorException">It redirects too often, or to where nothing is encrypted.</exception>
    /// <exception cref="HttpRequestException">The host cannot be reached.</exception>
    public async Task<HttpResponseMessage> OpenAsync(
        Uri uri, long offset, Func<HttpStatusCode, Exception> refuse, CancellationToken cancellationToken)
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
                    ? Follow(uri, location) : throw refuse(answer.StatusCode);
            }
        }

        throw new OperatorException($"{home.Host} redirects more than {MostRedirects} times.");
    }

    /// <summary>Reads a small file whole.</summary>
    /// <exception cref="OperatorException">As <see cref="OpenAsync"/>.</exception>
    /// <exception cref="HttpRequestException">The host cannot be reached, or the file is larger.</exception>
    public async Task<byte[]> ReadAsync(
        Uri uri, int mostBytes, Func<HttpStatusCode, Exception> refuse, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_http.Timeout);
        using var answer = await OpenAsync(uri, offset: 0, refuse, limit.Token);
        await answer.Content.LoadIntoBufferAsync(mostBytes, limit.Token);
        return await answer.Content.ReadAsByteArrayAsync(limit.Token);
    }

    /// <summary>An address that a host's answer holds, if a redirect could lead to it.</summary>
    /// <exception cref="OperatorException">It is none, or not encrypted while the host is.</exception>
    public Uri Follow(Uri from, Uri location)
    {
        var target = new Uri(from, location);
        return target.Scheme == Uri.UriSchemeHttps || (target.Scheme == Uri.UriSchemeHttp && home.Scheme == Uri.UriSchemeHttp)
            ? target : throw new OperatorException($"{home.Host} redirects to '{target.Scheme}', which is not followed.");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri uri, long offset, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Tollgate", null));
        if (token is not null && uri.Authority == home.Authority && uri.Scheme == home.Scheme)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }
}
