namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of requests with a recording.</summary>
public sealed partial record OpenAiError
{
    /// <param name="why">What is wrong with the file, such as <c>it holds no audio</c>.</param>
    public static OpenAiError InvalidAudio(string why) => new(
        400, InvalidRequest, "invalid_value", $"Invalid value for 'file': the recording cannot be read, because {why}.", "file");
}
