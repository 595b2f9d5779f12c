using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Uploads;

/// <summary>Parts of uploads, and the file that becomes of them.</summary>
internal sealed class UploadDesk(
    UploadTable uploads, ContentIntake intake, ContentStore contents, FileDeletion deletion, IOptions<FileLimitOptions> options,
    TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public static BodyLimit PartLimit(FileLimitOptions options) => new("data", options.MaxPartBytes, "Files:MaxPartBytes");

    /// <summary>Begins an upload.</summary>
    public async Task<OrRefusal<Upload>> BeginAsync(UploadRequest request, FileCaller caller, CancellationToken cancellationToken)
    {
        var limits = options.Value;
        if (request.Bytes > limits.MaxFileBytes)
        {
            return OpenAiError.FileTooLarge("bytes", limits.MaxFileBytes, "Files:MaxFileBytes");
        }

        if (!limits.Allows(request.ExpiresAfterSeconds))
        {
            return FileForm.Retention("expires_after.seconds", limits);
        }

        var now = PublicIds.Now(clock);
        var upload = new Upload(
            Guid.CreateVersion7(now), request.FileName, request.MediaType, request.Purpose, request.Bytes, request.ExpiresAfterSeconds,
            Upload.Pending, now, now + Lifetime, FileId: null);
        return await uploads.AddAsync(caller, upload, cancellationToken) is { } refusal ? refusal : upload;
    }

    /// <summary>Stores the part of a request's form.</summary>
    /// <exception cref="RefusalException">The form is none of this endpoint.</exception>
    public async Task<OrRefusal<UploadPart>> AddPartAsync(
        Upload upload, HttpRequest request, FileCaller caller, CancellationToken cancellationToken)
    {
        var content = await ReadPartAsync(request, cancellationToken);
        try
        {
            var now = PublicIds.Now(clock);
            var part = new UploadPart(Guid.CreateVersion7(now), content.Bytes, now, content.Blob, content.WrappedKey);
            if (await uploads.AddPartAsync(caller, upload.Id, part, cancellationToken) is not { } refusal)
            {
                content = null;
                return part;
            }

            return refusal;
        }
        finally
        {
            if (content is not null)
            {
                await contents.RemoveAsync(content.Blob, CancellationToken.None);
            }
        }
    }

    /// <summary>Makes the file of a pending upload: reads the parts in their order, inspects and seals them anew.</summary>
    /// <exception cref="DamagedContentException">The store has lost a part.</exception>
    public async Task<OrRefusal<StoredFile>> CompleteAsync(
        Upload upload, UploadCompletion completion, FileCaller caller, CancellationToken cancellationToken)
    {
        var known = (await uploads.ListPartsAsync(caller, upload.Id, cancellationToken)).ToDictionary(part => part.Id);
        var parts = new List<UploadPart>();
        foreach (var (index, id) in completion.PartIds.Index())
        {
            if (!known.TryGetValue(PublicIds.Parse(id, UploadPart.Prefix), out var part))
            {
                return OpenAiError.InvalidValue($"part_ids[{index}]", "the id of a part of this upload");
            }

            parts.Add(part);
        }

        if (parts.Sum(part => part.Bytes) is var bytes && bytes != upload.Bytes)
        {
            return OpenAiError.InvalidValue("part_ids", $"parts of {upload.Bytes} bytes together, as the upload stated", $"{bytes} bytes");
        }

        await using var source = new PartsStream(contents, parts);
        var limit = FileForm.Limit(options.Value) with { Param = "part_ids" };
        var (content, report) = await intake.TakeAsync(source, upload.Purpose, limit, cancellationToken);
        var owned = false;
        try
        {
            if (completion.Md5 is { } md5 && !md5.AsSpan().SequenceEqual(source.Md5))
            {
                return OpenAiError.InvalidValue("md5", "the MD5 of the parts in their order");
            }

            var now = PublicIds.Now(clock);
            var file = StoredFile.Of(
                Guid.CreateVersion7(now), new FileDescription(upload.Name, upload.MediaType, upload.Purpose, upload.ExpiresAfterSeconds),
                content, report!.Details, now, options.Value.EndOf(now, upload.ExpiresAfterSeconds));
            var (refusal, gone) = await uploads.CompleteAsync(caller, upload.Id, file, content, cancellationToken);
            owned = refusal is null;
            await RemoveAsync(gone);
            return refusal is null ? file : refusal;
        }
        finally
        {
            if (!owned)
            {
                await contents.RemoveAsync(content.Blob, CancellationToken.None);
            }
        }
    }

    /// <summary>Cancels a pending upload; null when the project has none of the id.</summary>
    public async Task<Upload?> CancelAsync(Guid id, FileCaller caller, CancellationToken cancellationToken)
    {
        var (upload, gone) = await uploads.CancelAsync(caller, id, cancellationToken);
        await RemoveAsync(gone);
        return upload;
    }

    private async Task RemoveAsync(IReadOnlyList<Guid> gone)
    {
        foreach (var blob in gone)
        {
            await deletion.RemoveAsync(blob, CancellationToken.None);
        }
    }

    private async Task<SealedContent> ReadPartAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!RequestForm.IsForm(request.ContentType))
        {
            throw new RefusalException(OpenAiError.UnsupportedMediaType(request.ContentType, BodyTypes.Form));
        }

        SealedContent? content = null;
        try
        {
            var form = FileForm.Demand(FormStream.Open(request.Body, request.ContentType));
            while (await form.NextAsync(cancellationToken) is { } next)
            {
                var part = FileForm.Demand(next);
                if ((part.Name != "data" ? OpenAiError.UnknownParameter(part.Name)
                    : content is not null ? OpenAiError.DuplicateParameter(part.Name)
                    : part.FileName is null ? OpenAiError.InvalidType(part.Name, "a file", "a text") : null) is { } refusal)
                {
                    throw new RefusalException(refusal);
                }

                (content, _) = await intake.TakeAsync(part.Body, purpose: null, PartLimit(options.Value), cancellationToken);
            }

            var taken = content ?? throw new RefusalException(OpenAiError.MissingParameter("data"));
            content = null;
            return taken;
        }
        finally
        {
            if (content is not null)
            {
                await contents.RemoveAsync(content.Blob, CancellationToken.None);
            }
        }
    }
}
