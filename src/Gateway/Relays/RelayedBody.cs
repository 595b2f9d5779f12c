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
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

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

    /// <summary>Waits until nothing reads the client's body any more. The answer may come before the body was sent; the server must not
    /// meet a reader when it drops the rest.</summary>
    public Task LeaveAsync() => Interlocked.Exchange(ref _begun, 1) == 0 ? Task.CompletedTask : _ended.Task;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            throw new InvalidOperationException("The request is answered, or its body was sent before.");
        }

        try
        {
            while (true)
            {
                var read = await _patience.ReadAsync(cancellationToken);
                try
                {
                    foreach (var piece in read.Buffer)
                    {
                        await stream.WriteAsync(piece, cancellationToken);
                    }
                }
                finally
                {
                    _request.BodyReader.AdvanceTo(read.Buffer.End);
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }

            _onSent();
        }
        catch (BadHttpRequestException exception)
        {
            Fault = exception;
            throw;
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false; // A known length stands in the header already.
    }
}
