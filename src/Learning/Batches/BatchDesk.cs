using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>What the gateway says of the key beside its id.</summary>
/// <param name="PublicId">Names the key to the gateway.</param>
/// <param name="Scopes">Null for a key without a list.</param>
internal sealed record KeyOfCall(string PublicId, IReadOnlyList<string>? Scopes)
{
    /// <summary>Reads the gateway's headers.</summary>
    /// <exception cref="BadHttpRequestException">One is missing: whoever calls is no gateway of this release.</exception>
    public static KeyOfCall Of(HttpRequest request)
    {
        var (id, scopes) = (Read(request, LearningHeaders.KeyPublicId), Read(request, LearningHeaders.KeyScopes));
        return new KeyOfCall(id, scopes == LearningHeaders.AllScopes ? null : scopes.Split(','));
    }

    /// <summary>Whether the key may call an endpoint.</summary>
    public bool MayUse(PublicEndpoint endpoint) => Scopes is null || Scopes.Contains(endpoint.Scope);

    private static string Read(HttpRequest request, string header) => request.Headers[header] is [{ Length: > 0 } value]
        ? value : throw new BadHttpRequestException($"The header {header} is missing.");
}

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
            Metadata = request.Metadata is { } pairs ? Write(pairs) : null,
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

    private static string Write(IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in pairs)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
