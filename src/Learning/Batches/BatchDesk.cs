using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>Takes new batches.</summary>
internal sealed class BatchDesk(BatchTable table, FileTable files, IOptions<FileLimitOptions> limits, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>Makes a batch of a checked request.</summary>
    public async Task<OrRefusal<Batch>> CreateAsync(
        BatchRequest request, FileCaller caller, KeyOfCall key, CancellationToken cancellationToken)
    {
        var endpoint = BatchUrls.EndpointOf(request.Endpoint);
        if (!key.MayUse(endpoint))
        {
            return OpenAiError.EndpointNotAllowed(request.Endpoint, endpoint.Scope);
        }

        if (!limits.Value.Allows(request.OutputExpiresAfterSeconds))
        {
            return FileForm.Retention("output_expires_after.seconds", limits.Value);
        }

        var file = await files.FindAsync(caller, PublicIds.Parse(request.InputFileId, StoredFile.Prefix), cancellationToken);
        if (file is null)
        {
            return OpenAiError.InputFileNotFound(request.InputFileId);
        }

        if (Refuse(file) is { } why)
        {
            return OpenAiError.UnusableInputFile(file.PublicId, why);
        }

        var now = PublicIds.Now(clock);
        var batch = new Batch
        {
            Caller = caller,
            Id = Guid.CreateVersion7(now),
            KeyPublicId = key.PublicId,
            InputFile = file.Id,
            Endpoint = request.Endpoint,
            Metadata = request.Metadata is { } pairs ? RequestMetadata.ToJson(pairs) : null,
            OutputExpiresAfterSeconds = request.OutputExpiresAfterSeconds,
            Status = BatchStatus.Validating,
            CreatedAt = now,
            ExpiresAt = now + Window,
        };
        return await table.AddAsync(batch, cancellationToken) is { } refusal ? refusal : batch;
    }

    private static string? Refuse(StoredFile file) =>
        file.Purpose != FilePurposes.Batch ? $"Its purpose is '{file.Purpose}'; send it with the purpose '{FilePurposes.Batch}'."
        : file.Details is { } faults ? $"It has faults: {faults}"
        : null;
}
