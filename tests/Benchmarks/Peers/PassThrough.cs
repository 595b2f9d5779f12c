using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Benchmarks.Peers;

/// <summary>
/// The least that a .NET process can do between a client and a worker: Kestrel in, HttpClient's handler out, every byte passed on as it
/// comes. No routing, no logs, no limits. With a script it makes one Redis call before it forwards.
/// </summary>
internal sealed class PassThrough(Uri worker, string bearer, ScriptCall? script, bool http2) : IDisposable
{
    private readonly AuthenticationHeaderValue _bearer = new("Bearer", bearer);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = true,
    });

    public async Task HandleAsync(HttpContext context)
    {
        if (script is not null)
        {
            await script.RunAsync();
        }

        using var request = Request(context.Request);
        using var answer = await _http.SendAsync(request, context.RequestAborted);
        var response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        Copy(answer.Headers.NonValidated, response.Headers);
        Copy(answer.Content.Headers.NonValidated, response.Headers);
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        while (true)
        {
            var read = await body.ReadAsync(response.BodyWriter.GetMemory(4096), context.RequestAborted);
            if (read == 0)
            {
                return;
            }

            response.BodyWriter.Advance(read);
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpRequest incoming)
    {
        var request = new HttpRequestMessage(new HttpMethod(incoming.Method), new Uri(worker, incoming.Path.Value))
        {
            Content = new StreamContent(incoming.Body),
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Authorization = _bearer;
        request.Content.Headers.ContentLength = incoming.ContentLength;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", incoming.ContentType);
        return request;
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            {
                to[name] = values.ToString();
            }
        }
    }
}
