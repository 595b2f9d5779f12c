using System.Text.Json;

namespace Tollgate.Accounts.Learning;

/// <summary>What Learning answered: the value or why not.</summary>
/// <param name="Refusal">Null when <paramref name="Value"/> is there.</param>
internal sealed record LearningAnswer<T>(T? Value, LearningRefusal? Refusal)
    where T : class
{
    /// <summary>Whether the project has no such object.</summary>
    public bool IsMissing => Refusal?.Status == StatusCodes.Status404NotFound;
}

/// <summary>An error of another service in OpenAI's shape, for a person.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Param">The member that is wrong, such as <c>input_file_id</c>; null where none is.</param>
public sealed record LearningRefusal(int Status, string? Code, string? Param, string Message)
{
    private const int LargestBody = 64 * 1024;
    private const string Unknown = "It was refused, and the answer does not say why.";

    /// <summary>Shown while Learning does not answer.</summary>
    internal static readonly LearningRefusal Away = new(
        StatusCodes.Status503ServiceUnavailable, null, null,
        "Files, batches, fine-tuning and stored responses are not reachable right now. Nothing is lost; try again in a moment.");

    /// <summary>Shown to a member whose role allows no change, and while the organization is suspended.</summary>
    internal static readonly LearningRefusal NotAllowed = new(
        StatusCodes.Status403Forbidden, null, null, "Your role in this organization lets you look, but not change anything.");

    internal static async Task<LearningRefusal> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        try
        {
            await response.Content.LoadIntoBufferAsync(LargestBody, cancellationToken);
            return Read(status, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (HttpRequestException)
        {
            return new LearningRefusal(status, null, null, Unknown); // A body that is larger than any error.
        }
    }

    internal static LearningRefusal Read(int status, byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
                ? new LearningRefusal(status, Text(error, "code"), Text(error, "param"), Text(error, "message") ?? Unknown)
                : new LearningRefusal(status, null, null, Unknown);
        }
        catch (JsonException)
        {
            return new LearningRefusal(status, null, null, Unknown);
        }
    }

    private static string? Text(JsonElement error, string member) =>
        error.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
