using Microsoft.Extensions.Options;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>Makes the output and the error file out of the kept answers, and ends the batch. Safe to be interrupted and repeated.</summary>
internal sealed class BatchFinish(
    ContentStore contents, BatchProgress progress, IOptions<FileLimitOptions> limits, TimeProvider clock)
{
    /// <summary>OpenAI's purpose of both files.</summary>
    private const string Purpose = "batch_output";

    private const int BufferBytes = 64 * 1024;

    /// <summary>Ends a batch whose lines have all ended.</summary>
    public async Task RunAsync(Batch batch, CancellationToken cancellationToken)
    {
        var segments = await progress.ListSegmentsAsync(batch.Id, cancellationToken);
        var made = new List<BatchFile>();
        foreach (var failed in (bool[])[false, true])
        {
            if (segments.Any(segment => segment.Failed == failed))
            {
                var content = await JoinAsync(segments.Where(segment => segment.Failed == failed), cancellationToken);
                made.Add(new BatchFile(failed, Describe(batch, failed, content), content));
            }
        }

        await progress.EndAsync(batch, made, cancellationToken);
    }

    private StoredFile Describe(Batch batch, bool failed, SealedContent content)
    {
        var now = PublicIds.Now(clock);
        var description = new FileDescription(
            $"{batch.PublicId}_{(failed ? "error" : "output")}.jsonl", "application/jsonl", Purpose, batch.OutputExpiresAfterSeconds);
        return StoredFile.Of(
            Guid.CreateVersion7(now), description, content, null, now, limits.Value.EndOf(now, batch.OutputExpiresAfterSeconds));
    }

    private async Task<SealedContent> JoinAsync(IEnumerable<StoredSegment> segments, CancellationToken cancellationToken)
    {
        await using var writer = await contents.CreateAsync(cancellationToken);
        var buffer = new byte[BufferBytes];
        foreach (var segment in segments)
        {
            await using var content = await contents.OpenAsync(
                segment.Blob, segment.WrappedKey, segment.Bytes, 0, cancellationToken);
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await writer.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }

        return await writer.FinishAsync(cancellationToken);
    }
}
