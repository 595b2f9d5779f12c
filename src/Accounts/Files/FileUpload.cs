using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Antiforgery;
using Tollgate.Accounts.Learning;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Files;

/// <summary>How an upload ended: with a file, a refusal, or without the page's token.</summary>
internal sealed record UploadOutcome(string? FileId, LearningRefusal? Refusal, string? Purpose)
{
    /// <summary>The form does not carry the token of a page of ours.</summary>
    public bool IsForged { get; init; }
}

/// <summary>
/// Reads the form of <see cref="NewFilePage"/> part by part and passes the file to Learning as it comes. The token and the fields come
/// before the file: nothing of the file is read before the token is found right.
/// </summary>
internal sealed class FileUpload(IAntiforgery antiforgery, LearningClient learning, ProjectAudit audit, Workspace workspace)
{
    private const string TokenField = "__RequestVerificationToken";
    private const string TokenHeader = "RequestVerificationToken";
    private const long SecondsOfDay = 86_400;

    public async Task<UploadOutcome> RunAsync(HttpContext context)
    {
        var request = context.Request;
        if (!FormStream.Open(request.Body, request.ContentType).TryGet(out var form, out var refusal))
        {
            return Refuse(refusal, null);
        }

        try
        {
            return await ReadAsync(context, form);
        }
        catch (Exception exception) when ((exception as BadHttpRequestException ?? exception.InnerException as BadHttpRequestException)
            is { StatusCode: StatusCodes.Status413PayloadTooLarge } tooLarge)
        {
            return new UploadOutcome(null, new LearningRefusal(tooLarge.StatusCode, null, null, "The file is too large."), null);
        }
    }

    private async Task<UploadOutcome> ReadAsync(HttpContext context, FormStream form)
    {
        var (isProved, purpose, days) = (false, FilePurposes.UserData, (string?)null);
        while (await form.NextAsync(context.RequestAborted) is { } next)
        {
            if (!next.TryGet(out var part, out var broken))
            {
                return Refuse(broken, purpose);
            }

            if (part.FileName is not null)
            {
                return !isProved ? new UploadOutcome(null, null, null) { IsForged = true }
                    : !workspace.MayChangeProject ? new UploadOutcome(null, LearningRefusal.NotAllowed, purpose)
                    : await SendAsync(part, purpose, days, context.RequestAborted);
            }

            if (!(await part.ReadTextAsync(context.RequestAborted)).TryGet(out var text, out var unreadable))
            {
                return Refuse(unreadable, purpose);
            }

            switch (part.Name)
            {
                case TokenField:
                    context.Request.Headers[TokenHeader] = text; // Looked for there first, and in the form only without it.
                    isProved = await antiforgery.IsRequestValidAsync(context);
                    break;
                case FileParts.Purpose:
                    purpose = text;
                    break;
                case FileTransfers.KeepField:
                    days = text.Length > 0 ? text : null;
                    break;
                default:
                    break;
            }
        }

        return isProved ? Refuse(OpenAiError.MissingParameter(FileParts.File), purpose)
            : new UploadOutcome(null, null, null) { IsForged = true };
    }

    private async Task<UploadOutcome> SendAsync(StreamedPart part, string purpose, string? days, CancellationToken cancellationToken)
    {
        if (part.FileName!.Length == 0)
        {
            return new UploadOutcome(null, new LearningRefusal(400, null, FileParts.File, "Choose a file."), purpose);
        }

        using var content = new MultipartFormDataContent { { new StringContent(purpose), FileParts.Purpose } };
        if (days is not null)
        {
            var seconds = int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * SecondsOfDay : 0;
            content.Add(new StringContent(FileExpiry.Anchor), FileParts.Anchor);
            content.Add(new StringContent(seconds.ToString(CultureInfo.InvariantCulture)), FileParts.Seconds);
        }

        var file = new StreamContent(part.Body);
        if (MediaTypeHeaderValue.TryParse(part.ContentType, out var type))
        {
            file.Headers.ContentType = type;
        }

        // The name in the form that takes any character: the other one would refuse a quote.
        file.Headers.ContentDisposition =
            new ContentDispositionHeaderValue("form-data") { Name = FileParts.File, FileNameStar = part.FileName };
        content.Add(file);
        var answer = await learning.SendAsync(
            HttpMethod.Post, ProjectFiles.Path, content, null, FileWire.Default.FileEntry, cancellationToken);
        if (answer.Value is not { } sent)
        {
            return new UploadOutcome(null, answer.Refusal, purpose);
        }

        await audit.AddAsync("file.send", sent.Id, new { sent.Filename, sent.Purpose, sent.Bytes });
        return new UploadOutcome(sent.Id, null, purpose);
    }

    private static UploadOutcome Refuse(OpenAiError error, string? purpose) =>
        new(null, new LearningRefusal(error.Status, error.Code, error.Param, error.Message), purpose);
}
