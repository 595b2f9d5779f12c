using System.Text.Json;
using Tollgate.Contracts.Datasets;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>Reads the whole input file once: is every line a request of the batch's endpoint, and where does it lie?</summary>
internal sealed class BatchValidation(ContentStore contents, FileTable files, BatchProgress progress)
{
    private const int PieceBytes = 64 * 1024;

    private static readonly BatchError Gone =
        new("input_file_gone", "The input file was deleted, has expired or is damaged.", "input_file_id", null);

    /// <summary>The errors of a batch whose input file can no longer be read.</summary>
    public static string InputGone { get; } = Write([Gone]);

    /// <summary>Validates a batch; afterwards its lines wait, or it fails with its faults.</summary>
    public async Task RunAsync(Batch batch, CancellationToken cancellationToken)
    {
        var faults = await ReadAsync(batch, cancellationToken);
        if (faults.Count > 0)
        {
            await progress.BeginEndAsync(
                batch.Id, BatchStatus.Failed, Write(faults), cancellationToken);
        }
    }

    private async Task<IReadOnlyList<BatchError>> ReadAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (await files.FindAsync(batch.Caller, batch.InputFile, cancellationToken) is not { } file)
        {
            return [Gone];
        }

        var lines = new InputLines();
        var reader = DatasetReader.ForBatch();
        try
        {
            await using var content = await contents.OpenAsync(file.Blob, file.WrappedKey, file.Bytes, 0, cancellationToken);
            var buffer = new byte[PieceBytes];
            while (!reader.IsStopped && await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                reader.Feed(buffer.AsSpan(0, read));
                lines.Feed(buffer.AsSpan(0, read));
            }
        }
        catch (DamagedContentException)
        {
            return [Gone];
        }

        lines.Complete();
        var report = reader.Complete();
        if (!report.IsAccepted)
        {
            return [.. report.Faults.Select(fault => new BatchError(fault.Code, fault.Message, null, fault.Line))];
        }

        if (report.Batch?.Url != batch.Endpoint)
        {
            return
            [
                new BatchError(
                    "mismatched_endpoint",
                    $"The batch's endpoint is {batch.Endpoint}, and the lines' url is {report.Batch?.Url}. Both must be the same.",
                    "endpoint", lines.Lines[0].Line),
            ];
        }

        if (lines.Lines.Count != report.Rows)
        {
            throw new InvalidOperationException($"File {file.Id:N} has {report.Rows} rows and {lines.Lines.Count} lines.");
        }

        var models = report.Batch.Models;
        return await progress.BeginAsync(batch, lines.Lines, models is [var only] ? only.Model : null, cancellationToken) is { } refusal
            ? [new BatchError(refusal.Code!, refusal.Message, refusal.Param, null)] : [];
    }

    private static string Write(IReadOnlyList<BatchError> faults) =>
        JsonSerializer.Serialize(faults, BatchJson.Default.IReadOnlyListBatchError);
}
