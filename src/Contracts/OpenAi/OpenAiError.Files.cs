namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of files and uploads.</summary>
public sealed partial record OpenAiError
{
    private static readonly TimeSpan FilesRetry = TimeSpan.FromSeconds(5);

    /// <summary>The service that answers an endpoint is away.</summary>
    /// <param name="what">Such as <c>Files</c>; begins the sentence.</param>
    public static OpenAiError ServiceAway(string what) => new(
        503, Unavailable, "service_away", $"{what} are not available at the moment. Nothing was changed. Please try again later.")
    {
        RetryAfter = FilesRetry,
    };

    /// <summary>No file of the key's project has the id. Another project's file looks the same.</summary>
    public static OpenAiError FileNotFound(string id) => new(404, InvalidRequest, null, $"No such File object: {Shorten(id)}", "id");

    /// <summary>No upload of the key's project has the id. Another project's upload looks the same.</summary>
    public static OpenAiError UploadNotFound(string id) =>
        new(404, InvalidRequest, null, $"No such Upload object: {Shorten(id)}", "id");

    /// <summary>A purpose that OpenAI has and Tollgate does not.</summary>
    public static OpenAiError UnsupportedPurpose(string purpose, string accepted) => new(
        400, InvalidRequest, "unsupported_value",
        $"Unsupported value: 'purpose' does not support '{Shorten(purpose)}' here. Use {accepted}.", "purpose");

    /// <param name="param">The member with the file or its length.</param>
    /// <param name="limit">Most bytes.</param>
    /// <param name="setting">Who sets it, such as <c>Files:MaxFileBytes</c>.</param>
    public static OpenAiError FileTooLarge(string param, long limit, string setting) => new(
        413, InvalidRequest, "file_too_large",
        $"Invalid value for '{param}': it has more than {limit} bytes, the most that this server takes ({setting}).", param)
    {
        BindingLimit = "organization.file_bytes",
    };

    /// <summary>The organization's files would have more bytes together than they may.</summary>
    public static OpenAiError FileStorageFull(string param, long limit, long used, long asked) => new(
        400, InvalidRequest, "file_storage_full",
        $"Invalid value for '{param}': the organization's files may have {limit} bytes together (Files:MaxTotalBytes). They have {used}, "
        + $"and this one needs {asked}. Delete files, or ask the operator of this service for more.", param)
    {
        BindingLimit = "organization.total_file_bytes",
    };

    /// <summary>The organization has as many files as it may.</summary>
    public static OpenAiError TooManyFiles(string param, long limit) => new(
        400, InvalidRequest, "too_many_files",
        $"Invalid value for '{param}': the organization has {limit} files and open uploads, the most that it may (Files:MaxFiles). "
        + "Delete files, or ask the operator of this service for more.", param)
    {
        BindingLimit = "organization.files",
    };

    /// <summary>The organization sends as many files at once as it may.</summary>
    public static OpenAiError TooManyTransfers(string param, int limit) => new(
        429, "requests", "rate_limit_exceeded",
        $"Rate limit reached for '{param}': the organization may send {limit} files and parts at once (Files:MaxTransfers). "
        + "Please try again when one of them has ended.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
        BindingLimit = "organization.file_transfers",
    };

    /// <summary>What was asked of an upload does not fit its state.</summary>
    /// <param name="state">Such as <c>cancelled</c>.</param>
    public static OpenAiError UploadNotPending(string id, string state) => new(
        400, InvalidRequest, "upload_not_pending",
        $"Upload {Shorten(id)} is {state}: it takes no parts and cannot be completed or cancelled.");

    /// <summary>A file whose content cannot be read as it was written.</summary>
    public static OpenAiError FileDamaged() => new(
        500, ServerFault, "file_damaged",
        "The stored content of this file is damaged, and none of it was sent. Ask the operator of this service.")
    {
        ShouldRetry = false,
    };

    /// <summary>A range that begins behind the end of the file.</summary>
    public static OpenAiError RangeNotSatisfiable(long bytes) => new(
        416, InvalidRequest, "range_not_satisfiable", $"Invalid 'Range' header: the file has {bytes} bytes.");
}
