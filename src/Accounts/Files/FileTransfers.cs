using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Learning;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Files;

/// <summary>Passes contents of files between the browser and Learning as they come, in both directions.</summary>
internal static partial class FileTransfers
{
    public const string UploadPath = "/files/upload";

    /// <summary>Field of the form: days that the file is kept; empty until it is deleted.</summary>
    public const string KeepField = "keep";

    private const string Form = "/files/new";

    public static void AddFiles(this WebApplicationBuilder builder) => builder.Services.AddScoped<FileUpload>();

    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        // The handler checks the token itself: the middleware would take in the whole form for it.
        routes.MapPost(UploadPath, UploadAsync).RequireAuthorization().ExcludeFromDescription()
            .WithMetadata(new NeedsToChangeAttribute(Permission.UseProject));
        routes.MapGet("/files/{file}/content", DownloadAsync).RequireAuthorization().ExcludeFromDescription();
    }

    internal static async Task<IResult> UploadAsync(
        HttpContext context, FileUpload upload, SealedNotice notices, Workspace workspace, IOptions<PortalOptions> options)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = options.Value.MaxUploadBytes;
        }

        var answer = await upload.RunAsync(context);
        return answer switch
        {
            { IsForged: true } => TypedResults.BadRequest(),
            { FileId: { } id } => Results.LocalRedirect($"/files/{id}"),
            { Refusal: { } refusal } => Results.LocalRedirect(
                $"{Form}?refused={Uri.EscapeDataString(notices.Seal(workspace.UserId, refusal.Message))}"
                + (answer.Purpose is { } purpose ? $"&purpose={Uri.EscapeDataString(purpose)}" : "")),
            _ => throw new InvalidOperationException("An upload ends with a file, a refusal or a missing token."),
        };
    }

    internal static async Task DownloadAsync(
        HttpContext context, string file, LearningClient learning, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (!LearningIds.IsFile(file))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        try
        {
            using var response = await learning.OpenAsync(
                HttpMethod.Get, $"{ProjectFiles.Path}/{file}/content", null, null, cancellationToken);
            context.Response.StatusCode = (int)response.StatusCode;
            if (response.IsSuccessStatusCode)
            {
                // Always an attachment of unknown type: a browser never shows a file as a page of ours.
                context.Response.ContentType = "application/octet-stream";
                context.Response.ContentLength = response.Content.Headers.ContentLength;
                context.Response.Headers.ContentDisposition =
                    response.Content.Headers.ContentDisposition is { DispositionType: "attachment" } name ? name.ToString() : "attachment";
                await response.Content.CopyToAsync(context.Response.Body, cancellationToken);
            }
        }
        catch (Exception exception) when (LearningClient.IsAway(exception, cancellationToken))
        {
            LogAway(loggers.CreateLogger(typeof(FileTransfers)), exception.Message);
            if (context.Response.HasStarted)
            {
                context.Abort(); // A file that ends early must not look whole.
                return;
            }

            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Learning did not send a file to the end: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
