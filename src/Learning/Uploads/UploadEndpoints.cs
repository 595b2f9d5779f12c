using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Uploads;

/// <summary><c>/v1/uploads</c> of OpenAI's wire, for gateways.</summary>
internal static class UploadEndpoints
{
    public static IServiceCollection AddUploads(this IServiceCollection services)
    {
        services.AddSingleton<UploadTable>();
        services.AddSingleton<UploadDesk>();
        services.AddSingleton<UploadIntake>();
        return services;
    }

    public static IEndpointRouteBuilder MapUploads(this IEndpointRouteBuilder routes)
    {
        var uploads = routes.MapInternal("/v1/uploads", "gateway");
        uploads.MapPost("", BeginAsync);
        uploads.MapGet("/{upload}", ShowAsync);
        uploads.MapPost("/{upload}/parts", AddPartAsync);
        uploads.MapPost("/{upload}/complete", CompleteAsync);
        uploads.MapPost("/{upload}/cancel", CancelAsync);
        return routes;
    }

    internal static Task BeginAsync(HttpContext context, FileCalls calls, UploadDesk desk) => calls.RunAsync(context, async caller =>
    {
        if (!UploadRequest.TryParse(await FileCalls.ReadJsonAsync(context), out var request, out var invalid))
        {
            return invalid;
        }

        if (!(await desk.BeginAsync(request, caller, context.RequestAborted)).TryGet(out var upload, out var refusal))
        {
            return refusal;
        }

        await WriteAsync(context, UploadObject.Of(upload, [], null));
        return null;
    });

    internal static Task ShowAsync(HttpContext context, string upload, FileCalls calls, UploadTable uploads, FileTable files) =>
        calls.RunAsync(context, async caller =>
        {
            if (await FindAsync(context, upload, caller, uploads) is not { } found)
            {
                return OpenAiError.UploadNotFound(upload);
            }

            var file = found.FileId is { } id ? await files.FindAsync(caller, id, context.RequestAborted) : null;
            await WriteAsync(
                context, UploadObject.Of(found, await uploads.ListPartsAsync(caller, found.Id, context.RequestAborted), file));
            return null;
        });

    internal static Task AddPartAsync(
        HttpContext context, string upload, FileCalls calls, UploadTable uploads, UploadDesk desk, UploadIntake intake) =>
        calls.RunAsync(context, UploadDesk.PartLimit(intake.Options), async caller =>
        {
            if (await FindAsync(context, upload, caller, uploads) is not { } found)
            {
                return OpenAiError.UploadNotFound(upload);
            }

            if (found.Status != Upload.Pending)
            {
                return OpenAiError.UploadNotPending(upload, found.Status);
            }

            if (!intake.Slots.Take(caller.OrganizationId, "data").TryGet(out var slot, out var busy))
            {
                return busy;
            }

            using (slot)
            {
                var taken = await desk.AddPartAsync(found, context.Request, caller, context.RequestAborted);
                if (!taken.TryGet(out var part, out var refusal))
                {
                    return refusal;
                }

                intake.Metrics.PartTaken(part.Bytes);
                await context.Response.WriteAsJsonAsync(UploadPartObject.Of(found, part), UploadJson.Default.UploadPartObject);
                return null;
            }
        });

    internal static Task CompleteAsync(
        HttpContext context, string upload, FileCalls calls, UploadTable uploads, UploadDesk desk, UploadIntake intake) =>
        calls.RunAsync(context, async caller =>
        {
            if (!UploadCompletion.TryParse(await FileCalls.ReadJsonAsync(context), out var completion, out var invalid))
            {
                return invalid;
            }

            if (await FindAsync(context, upload, caller, uploads) is not { } found)
            {
                return OpenAiError.UploadNotFound(upload);
            }

            if (await AnswerEndedAsync(context, found, caller, intake) is (true, var ended))
            {
                return ended;
            }

            try
            {
                if (!(await desk.CompleteAsync(found, completion, caller, context.RequestAborted)).TryGet(out var file, out var refusal))
                {
                    return refusal;
                }

                intake.Metrics.FileTaken(file.Purpose, file.Status, 0); // Its bytes counted with the parts.
                await WriteAsync(context, UploadObject.Of(found with { Status = Upload.Completed, FileId = file.Id }, [], file));
                return null;
            }
            catch (DamagedContentException)
            {
                // Another completion, or a cancellation, may have given the parts up meanwhile.
                if (await FindAsync(context, upload, caller, uploads) is { } now
                    && await AnswerEndedAsync(context, now, caller, intake) is (true, var overtaken))
                {
                    return overtaken;
                }

                intake.Metrics.ContentDamaged();
                return OpenAiError.FileDamaged();
            }
        });

    internal static Task CancelAsync(HttpContext context, string upload, FileCalls calls, UploadDesk desk) =>
        calls.RunAsync(context, async caller =>
        {
            switch (await desk.CancelAsync(PublicIds.Parse(upload, Upload.Prefix), caller, context.RequestAborted))
            {
                case null:
                    return OpenAiError.UploadNotFound(upload);
                case { Status: Upload.Cancelled } cancelled:
                    await WriteAsync(context, UploadObject.Of(cancelled, [], null));
                    return null;
                case var other:
                    return OpenAiError.UploadNotPending(upload, other.Status);
            }
        });

    /// <summary>
    /// Answers for an upload that is not pending: a client that lost the answer to a completion gets the file that it made. False for a
    /// pending one.
    /// </summary>
    private static async Task<(bool Answered, OpenAiError? Refusal)> AnswerEndedAsync(
        HttpContext context, Upload upload, FileCaller caller, UploadIntake intake)
    {
        if (upload.Status == Upload.Pending)
        {
            return (false, null);
        }

        if (upload.FileId is not { } id || await intake.Files.FindAsync(caller, id, context.RequestAborted) is not { } made)
        {
            return (true, OpenAiError.UploadNotPending(upload.PublicId, upload.Status));
        }

        await WriteAsync(context, UploadObject.Of(upload, [], made));
        return (true, null);
    }

    private static Task<Upload?> FindAsync(HttpContext context, string upload, FileCaller caller, UploadTable uploads) =>
        uploads.FindAsync(caller, PublicIds.Parse(upload, Upload.Prefix), context.RequestAborted);

    private static Task WriteAsync(HttpContext context, UploadObject upload) =>
        context.Response.WriteAsJsonAsync(upload, UploadJson.Default.UploadObject);
}

/// <summary>What taking parts and files needs beside the desk.</summary>
internal sealed record UploadIntake(TransferSlots Slots, FileTable Files, LearningMetrics Metrics, IOptions<FileLimitOptions> Limits)
{
    public FileLimitOptions Options => Limits.Value;
}
