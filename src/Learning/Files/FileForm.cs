using System.Globalization;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Inspection;

namespace Tollgate.Learning.Files;

/// <summary>
/// Reads the form of <c>POST /v1/files</c> as it comes. The file may stand before its purpose, as OpenAI's clients send it: then it is
/// inspected out of the store. Dispose removes a content that became no file. Used once.
/// </summary>
internal sealed class FileForm(ContentIntake intake, ContentStore contents, IOptions<FileLimitOptions> options) : IAsyncDisposable
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private string? _purpose;
    private string? _anchor;
    private long? _seconds;
    private string _name = "";
    private string _mediaType = "application/octet-stream";
    private FileReport? _report;

    /// <summary>The durable content; null before the file has come, and after <see cref="Keep"/>.</summary>
    public SealedContent? Content { get; private set; }

    public static BodyLimit Limit(FileLimitOptions options) => new(FileParts.File, options.MaxFileBytes, "Files:MaxFileBytes");

    /// <summary>Reads the form to its end.</summary>
    /// <exception cref="RefusalException">It is none of this endpoint.</exception>
    public async Task<(FileDescription Description, string? Details)> ReadAsync(
        Stream body, string? contentType, CancellationToken cancellationToken)
    {
        if (!RequestForm.IsForm(contentType))
        {
            throw new RefusalException(OpenAiError.UnsupportedMediaType(contentType, BodyTypes.Form));
        }

        var form = Demand(FormStream.Open(body, contentType));
        while (await form.NextAsync(cancellationToken) is { } next)
        {
            await ReadPartAsync(Demand(next), cancellationToken);
        }

        var description = Describe();
        _report ??= await intake.InspectAsync(Content!, description.Purpose, cancellationToken);
        return (description, _report.Details);
    }

    /// <summary>The content belongs to a file now.</summary>
    public void Keep() => Content = null;

    public async ValueTask DisposeAsync()
    {
        if (Content is { } content)
        {
            await contents.RemoveAsync(content.Blob, CancellationToken.None);
        }
    }

    private async Task ReadPartAsync(StreamedPart part, CancellationToken cancellationToken)
    {
        if (!FileParts.All.Contains(part.Name))
        {
            throw new RefusalException(OpenAiError.UnknownParameter(part.Name.Length > 100 ? part.Name[..100] : part.Name));
        }

        if (!_seen.Add(part.Name))
        {
            throw new RefusalException(OpenAiError.DuplicateParameter(part.Name));
        }

        if (part.Name == FileParts.File)
        {
            await ReadFileAsync(part, cancellationToken);
            return;
        }

        if (part.FileName is not null)
        {
            throw new RefusalException(OpenAiError.InvalidType(part.Name, "a text", "a file"));
        }

        var text = Demand(await part.ReadTextAsync(cancellationToken));
        switch (part.Name)
        {
            case FileParts.Purpose:
                _purpose = FilePurposes.Refuse(text) is { } refusal ? throw new RefusalException(refusal) : text;
                break;
            case FileParts.Anchor:
                _anchor = text == FileExpiry.Anchor ? text : throw Invalid(part.Name, $"'{FileExpiry.Anchor}'", text);
                break;
            default:
                _seconds = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                    && seconds is >= FileExpiry.LeastSeconds and <= FileExpiry.MostSeconds
                    ? seconds
                    : throw Invalid(part.Name, $"an integer between {FileExpiry.LeastSeconds} and {FileExpiry.MostSeconds}", text);
                break;
        }
    }

    private async Task ReadFileAsync(StreamedPart part, CancellationToken cancellationToken)
    {
        if (part.FileName is null)
        {
            throw new RefusalException(OpenAiError.InvalidType(FileParts.File, "a file", "a text"));
        }

        if (part.FileName.Length == 0)
        {
            throw new RefusalException(OpenAiError.InvalidValue(FileParts.File, "a file with a name"));
        }

        if (part.ContentType is { } type)
        {
            _mediaType = UploadRequest.IsMediaType(type)
                ? type : throw Invalid(FileParts.File, "a part whose Content-Type is a media type", type);
        }

        _name = part.FileName;
        (Content, _report) = await intake.TakeAsync(part.Body, _purpose, Limit(options.Value), cancellationToken);
    }

    private FileDescription Describe()
    {
        if ((Content is null ? FileParts.File : _purpose is null ? FileParts.Purpose
            : _seconds is not null && _anchor is null ? FileParts.Anchor
            : _anchor is not null && _seconds is null ? FileParts.Seconds : null) is { } missing)
        {
            throw new RefusalException(OpenAiError.MissingParameter(missing));
        }

        return options.Value.Allows(_seconds)
            ? new FileDescription(_name, _mediaType, _purpose!, _seconds)
            : throw new RefusalException(Retention(FileParts.Seconds, options.Value));
    }

    /// <summary>The error for a file that is to live longer than files do here.</summary>
    public static OpenAiError Retention(string param, FileLimitOptions options) => OpenAiError.InvalidValue(
        param, $"at most {options.RetentionDays * 86_400L} seconds: files are kept for {options.RetentionDays} days (Files:RetentionDays)");

    private static RefusalException Invalid(string param, string expected, string given) =>
        new(OpenAiError.InvalidValue(param, expected, $"'{(given.Length > 100 ? given[..100] + "…" : given)}'"));

    /// <summary>The value, or the refusal as an exception.</summary>
    public static T Demand<T>(OrRefusal<T> read)
        where T : class => read.TryGet(out var value, out var refusal) ? value : throw new RefusalException(refusal);
}
