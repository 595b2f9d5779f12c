using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Relays;

/// <summary>A client's body on its way to the service, one buffer of it at a time.</summary>
internal sealed class RelayedBody : HttpContent
{
    private readonly HttpRequest _request;
    private readonly Action _onSent;

    /// <param name="onSent">Called when all of it is sent.</param>
    public RelayedBody(HttpRequest request, Action onSent)
    {
        (_request, _onSent) = (request, onSent);
        Headers.ContentLength = request.ContentLength;
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
        {
            Headers.ContentType = type;
        }
    }

    /// <summary>What the client did wrong while it sent; null when it did nothing wrong.</summary>
    public BadHttpRequestException? Fault { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            await _request.Body.CopyToAsync(stream, cancellationToken);
        }
        catch (BadHttpRequestException exception)
        {
            Fault = exception;
            throw;
        }

        _onSent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false; // A known length stands in the header already.
    }
}
