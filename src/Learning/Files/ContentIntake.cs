using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Inspection;

namespace Tollgate.Learning.Files;

/// <summary>Takes plain bytes into the store, and lets an inspector read them on the way. Thread-safe.</summary>
internal sealed class ContentIntake(ContentStore contents, IFileInspector inspector)
{
    /// <summary>Seals a stream to its end.</summary>
    /// <param name="purpose">Inspects for this purpose; null inspects nothing.</param>
    /// <param name="limit">What refuses a stream that is too long.</param>
    /// <returns>The durable content, and its report where it was inspected.</returns>
    /// <exception cref="RefusalException">The stream is empty, too long, or the form that holds it is broken.</exception>
    public async Task<(SealedContent Content, FileReport? Report)> TakeAsync(
        Stream source, string? purpose, BodyLimit limit, CancellationToken cancellationToken)
    {
        return await TakeAsync<FileReport?>(
            source, received => purpose is null ? Task.FromResult<FileReport?>(null) : ReportAsync(received), limit, cancellationToken);

        async Task<FileReport?> ReportAsync(Stream received) => await inspector.InspectAsync(purpose, received, cancellationToken);
    }

    /// <summary>Seals a stream to its end, and lets a reader see it on the way. Nothing is kept where the reader throws.</summary>
    /// <param name="read">May stop early.</param>
    /// <inheritdoc cref="TakeAsync(Stream, string, BodyLimit, CancellationToken)"/>
    public async Task<(SealedContent Content, TReport Report)> TakeAsync<TReport>(
        Stream source, Func<Stream, Task<TReport>> read, BodyLimit limit, CancellationToken cancellationToken)
    {
        await using var writer = await contents.CreateAsync(cancellationToken);
        var received = new ReceivedStream(source, writer, limit);
        var report = await read(received);
        await received.DrainAsync(cancellationToken);
        return writer.Bytes > 0
            ? (await writer.FinishAsync(cancellationToken), report)
            : throw new RefusalException(OpenAiError.InvalidValue(limit.Param, "a file that is not empty"));
    }

    /// <summary>Inspects a content that is stored already.</summary>
    public async Task<FileReport> InspectAsync(SealedContent content, string purpose, CancellationToken cancellationToken)
    {
        await using var reader = await contents.OpenAsync(content.Blob, content.WrappedKey, content.Bytes, 0, cancellationToken);
        return await inspector.InspectAsync(purpose, reader, cancellationToken);
    }

    /// <summary>Whoever reads it receives the source's bytes, and the writer has them too.</summary>
    private sealed class ReceivedStream(Stream source, ContentWriter writer, BodyLimit limit) : ForwardStream
    {
        private const int BufferBytes = 64 * 1024;

        public async Task DrainAsync(CancellationToken cancellationToken)
        {
            var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                while (await ReadAsync(buffer, cancellationToken) > 0)
                {
                }
            }
            finally
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await ReadSourceAsync(buffer, cancellationToken);
            if (writer.Bytes + read > limit.Most)
            {
                throw new RefusalException(limit.Refusal);
            }

            await writer.WriteAsync(buffer[..read], cancellationToken);
            return read;
        }

        private async ValueTask<int> ReadSourceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                return await source.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception exception) when (FormStream.Explain(exception) is { } refusal)
            {
                throw new RefusalException(refusal);
            }
        }
    }
}
