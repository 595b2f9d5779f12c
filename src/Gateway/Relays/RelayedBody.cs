using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Pipeline;

namespace Tollgate.Gateway.Relays;

/// <summary>A client's body on its way to the service, one buffer of it at a time.</summary>
internal sealed class RelayedBody : HttpContent
{
    private readonly HttpRequest _request;
    private readonly BodyPatience _patience;
    private readonly Action _onSent;

    /// <param name="onSent">Called when all of it is sent.</param>
    public RelayedBody(HttpRequest request, BodyPatience patience, Action onSent)
    {
        (_request, _patience, _onSent) = (request, patience, onSent);
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
            while (true)
            {
                var read = await _patience.ReadAsync(cancellationToken);
                foreach (var piece in read.Buffer)
                {
                    await stream.WriteAsync(piece, cancellationToken);
                }

                _request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
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
