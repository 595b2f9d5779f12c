namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of batches.</summary>
public sealed partial record OpenAiError
{
    /// <summary>No batch of the key's project has the id. Another project's batch looks the same.</summary>
    public static OpenAiError BatchNotFound(string id) => new(404, InvalidRequest, null, $"No such Batch object: {Shorten(id)}", "id");

    /// <summary>No file of the key's project has the id that the member names.</summary>
    public static OpenAiError InputFileNotFound(string id) =>
        new(404, InvalidRequest, null, $"No such File object: {Shorten(id)}", "input_file_id");

    /// <summary>The file that a batch names cannot be its input.</summary>
    /// <param name="why">A sentence.</param>
    public static OpenAiError UnusableInputFile(string id, string why) => new(
        400, InvalidRequest, "invalid_value", $"Invalid value for 'input_file_id': {Shorten(id)} cannot be the input of a batch. {why}",
        "input_file_id");

    /// <summary>A key that may use batches and not the endpoint of their lines.</summary>
    public static OpenAiError EndpointNotAllowed(string endpoint, string scope) => new(
        403, InvalidRequest, "missing_scope",
        $"Invalid value for 'endpoint': this key may not call {endpoint}. Use a key with the scope '{scope}'.", "endpoint");

    /// <summary>The organization has as many batches as it may that have not ended.</summary>
    public static OpenAiError TooManyBatches(int limit) => new(
        400, InvalidRequest, "too_many_batches",
        $"Invalid value for 'input_file_id': the organization has {limit} batches that have not ended, the most that it may "
        + "(Batches:MaxBatches). Wait for one of them, or cancel one.", "input_file_id")
    {
        BindingLimit = "organization.batches",
    };

    /// <summary>The organization's batches would have more lines that have not ended than they may.</summary>
    public static OpenAiError TooManyQueuedLines(long limit, long waiting, long asked) => new(
        400, InvalidRequest, "too_many_queued_lines",
        $"Invalid value for 'input_file_id': the lines of an organization's batches that wait may be {limit} together "
        + $"(Batches:MaxQueuedLines). {waiting} wait, and this file has {asked}. Wait for a batch to end, or cancel one.", "input_file_id")
    {
        BindingLimit = "organization.queued_lines",
    };

    /// <summary>A batch that has ended, or is about to, cannot be cancelled.</summary>
    /// <param name="status">Such as <c>completed</c>.</param>
    public static OpenAiError BatchNotCancellable(string id, string status) => new(
        400, InvalidRequest, "batch_not_cancellable", $"Batch {Shorten(id)} is {status}: it cannot be cancelled.");

    /// <summary>A line of a batch was not run, because its batch ended before.</summary>
    /// <param name="code"><c>batch_cancelled</c> or <c>batch_expired</c>.</param>
    public static OpenAiError LineNotRun(string code) => new(
        400, InvalidRequest, code,
        code == "batch_expired"
            ? "The batch ended after 24 hours, before this line was run. Nothing was charged for it. Send it again in a new batch."
            : "The batch was cancelled before this line was run. Nothing was charged for it.");

    /// <summary>A line of a batch whose input file was deleted, or can no longer be read.</summary>
    public static OpenAiError LineLost(long line) => new(
        400, InvalidRequest, "input_file_gone",
        $"Line {line} was not run: the input file was deleted, has expired or is damaged. Nothing was charged for it.");

    /// <summary>A line asked for a stream, which a file cannot hold.</summary>
    public static OpenAiError StreamInBatch() => new(
        400, InvalidRequest, "unsupported_parameter", "Unsupported parameter: 'stream' cannot be true in a batch. Leave it out.", "stream");
}
