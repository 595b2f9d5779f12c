using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Files;

/// <summary>Takes one file of a form: a place, the content, then the row. Whoever sees the file sees a durable one.</summary>
internal sealed class FileCreation(
    IServiceProvider services, FileTable files, TransferSlots slots, IOptions<FileLimitOptions> options, LearningMetrics metrics,
    TimeProvider clock)
{
    /// <summary>Makes a file of a request's form.</summary>
    /// <exception cref="RefusalException">The form is none of this endpoint.</exception>
    public async Task<OrRefusal<StoredFile>> CreateAsync(HttpRequest request, FileCaller caller, CancellationToken cancellationToken)
    {
        if (!slots.Take(caller.OrganizationId, "file").TryGet(out var slot, out var busy))
        {
            return busy;
        }

        using (slot)
        {
            // What cannot fit is refused before it is sent; the exact look comes with the row.
            var least = Math.Max(1, (request.ContentLength ?? 0) - BodyLimit.FormOverhead);
            if (await files.RefuseAsync(caller, "file", least, 1, cancellationToken) is { } full)
            {
                return full;
            }

            await using var form = services.GetRequiredService<FileForm>();
            var (description, details) = await form.ReadAsync(request.Body, request.ContentType, cancellationToken);
            var (now, content) = (PublicIds.Now(clock), form.Content!);
            var file = StoredFile.Of(
                Guid.CreateVersion7(now), description, content, details, now,
                options.Value.EndOf(now, description.ExpiresAfterSeconds));
            if (await files.AddAsync(caller, file, content, "file", cancellationToken) is { } refusal)
            {
                return refusal;
            }

            form.Keep();
            metrics.FileTaken(file.Purpose, file.Status, file.Bytes);
            return file;
        }
    }
}
