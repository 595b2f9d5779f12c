using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Pipeline;

/// <summary>
/// Reads a request's body and does not wait long for its next bytes. Kestrel bounds the average pace alone: a client that has sent much
/// could then hold what it has sent for hours. Used by one reader at a time.
/// </summary>
/// <param name="limit">How long a client may send nothing.</param>
/// <param name="gone">The client's connection is gone.</param>
internal sealed class BodyPatience(PipeReader body, TimeSpan limit, TimeProvider clock, CancellationToken gone)
{
    /// <summary>Waits for the next bytes.</summary>
    /// <remarks>A read is ended by <see cref="PipeReader.CancelPendingRead"/>: one that its token ends counts as going on for ever, and the
    /// server then fails to drop the rest of the body.</remarks>
    /// <exception cref="BadHttpRequestException">408: none came in time. Kestrel throws it for other faults of the client.</exception>
    /// <exception cref="OperationCanceledException">The client is gone, or <paramref name="cancellationToken"/> is cancelled.</exception>
    public async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // Most bodies are there with the head: nothing to wait for.
        if (body.TryRead(out var ready))
        {
            if (!ready.IsCanceled)
            {
                return ready;
            }

            body.AdvanceTo(ready.Buffer.Start);
        }

        using var late = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, gone, cancellationToken);
        await using var registration = either.Token.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), body);
        while (true)
        {
            var read = await body.ReadAsync(CancellationToken.None);
            if (!read.IsCanceled)
            {
                return read;
            }

            body.AdvanceTo(read.Buffer.Start);
            gone.ThrowIfCancellationRequested();
            cancellationToken.ThrowIfCancellationRequested();
            if (late.IsCancellationRequested)
            {
                throw new BadHttpRequestException("The body stopped in the middle.", StatusCodes.Status408RequestTimeout);
            }
        }
    }
}
