namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors in the client's request.</summary>
public sealed partial record OpenAiError
{
    private const string InvalidRequest = "invalid_request_error";
    private const int LongestEcho = 100;

    /// <param name="line">Zero-based.</param>
    /// <param name="byteInLine">Zero-based.</param>
    public static OpenAiError MalformedJson(long? line, long? byteInLine) =>
        NotParsed($"it is not valid JSON at line {(line ?? 0) + 1}, byte {(byteInLine ?? 0) + 1}");

    public static OpenAiError JsonTooDeep(int limit) => NotParsed($"it is nested deeper than {limit} levels");

    public static OpenAiError EmptyBody() => NotParsed("the body is empty");

    public static OpenAiError ByteOrderMark() => NotParsed("it starts with a byte order mark; send plain UTF-8");

    /// <param name="why">Continues the sentence, such as <c>it has no part</c>.</param>
    public static OpenAiError MalformedForm(string why) =>
        new(400, InvalidRequest, null, $"We could not parse the multipart form of your request: {why}.");

    /// <summary>Files, numbers and base model of a fine-tuning job do not fit together.</summary>
    /// <param name="message">What to change.</param>
    public static OpenAiError UntrainableJob(string message, string? param) =>
        new(400, InvalidRequest, "training_failed", $"The job cannot be trained. {message}", param);

    public static OpenAiError BodyNotObject() => NotParsed("it is not a JSON object");

    /// <summary>
    /// Text that is not valid Unicode, in the value of <paramref name="param"/> or, when that is empty, in a member's name.
    /// </summary>
    /// <param name="what">Such as <c>is not valid UTF-8</c>.</param>
    public static OpenAiError InvalidText(string param, string what) => param.Length == 0
        ? new(400, InvalidRequest, "invalid_value", $"Invalid request body: the name of a member {what}.")
        : new(400, InvalidRequest, "invalid_value", $"Invalid value for '{param}': the text {what}.", param);

    public static OpenAiError InvalidType(string param, string expected, string given) => new(
        400, InvalidRequest, "invalid_type", $"Invalid type for '{param}': expected {expected}, but got {given} instead.", param);

    /// <param name="given">The client's value; null to omit it.</param>
    public static OpenAiError InvalidValue(string param, string expected, string? given = null) => new(
        400,
        InvalidRequest,
        "invalid_value",
        $"Invalid value for '{param}': expected {expected}{(given is null ? "" : ", got " + given)}.",
        param);

    public static OpenAiError MissingParameter(string param) =>
        new(400, InvalidRequest, "missing_required_parameter", $"Missing required parameter: '{param}'.", param);

    public static OpenAiError UnknownParameter(string param) =>
        new(400, InvalidRequest, "unknown_parameter", $"Unrecognized request argument supplied: {param}", param);

    public static OpenAiError DuplicateParameter(string param) =>
        new(400, InvalidRequest, "duplicate_parameter", $"Invalid request body: '{param}' is given more than once.", param);

    /// <summary>OpenAI supports the member, Tollgate does not, and ignoring it would change the answer.</summary>
    /// <param name="why">Replaces the end of the usual sentence.</param>
    public static OpenAiError UnsupportedParameter(string param, string? why = null) => new(
        400,
        InvalidRequest,
        "unsupported_parameter",
        $"Unsupported parameter: '{param}' {why ?? "is not supported with this endpoint"}.",
        param);

    /// <summary>The schema of a function's arguments cannot be used.</summary>
    /// <param name="param">Path of the schema.</param>
    /// <param name="why">Continues the sentence, such as <c>it must be an object</c>.</param>
    public static OpenAiError InvalidFunctionParameters(string function, string param, string why) => new(
        400, InvalidRequest, "invalid_function_parameters", $"Invalid schema for function '{Shorten(function)}': {why}.", param);

    /// <summary>The schema, pattern or grammar that an answer shall keep to cannot be used.</summary>
    /// <param name="param">Path of the member with it.</param>
    /// <param name="why">A sentence without its full stop, which names what is at fault.</param>
    public static OpenAiError InvalidFormat(string param, string why) =>
        new(400, InvalidRequest, "invalid_json_schema", $"Invalid '{param}': {why}.", param);

    /// <summary>In the middle of an answer no token was left to choose from.</summary>
    public static OpenAiError NoTokenLeft() => new(
        400,
        InvalidRequest,
        "invalid_value",
        "The answer cannot go on: 'allowed_token_ids', 'bad_words' and 'min_tokens' together exclude every token that may follow.");

    /// <summary>A classifier whose scores cannot be explained by a method.</summary>
    /// <param name="why">A sentence.</param>
    public static OpenAiError CannotExplain(string model, ExplanationMethod method, string why) => UnsupportedParameter(
        method == ExplanationMethod.Linear ? "explain.method" : "explain",
        $"cannot be used with the model '{Shorten(model)}'. {Shorten(why.TrimEnd('.'))}");

    /// <param name="limit">Tokens that the model's context holds.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="completion">Requested output tokens; 0 when the prompt alone is too long.</param>
    /// <param name="param"><c>messages</c>, <c>prompt</c> or <c>input</c>.</param>
    public static OpenAiError ContextLengthExceeded(long limit, long prompt, long completion, string param) => new(
        400,
        InvalidRequest,
        "context_length_exceeded",
        completion == 0
            ? $"This model's maximum context length is {limit} tokens. However, your {param} resulted in {prompt} tokens. "
                + $"Please reduce the length of the {param}."
            : $"This model's maximum context length is {limit} tokens. However, you requested {prompt + completion} tokens "
                + $"({prompt} in the {param}, {completion} in the completion). Please reduce the length of the {param} or completion.",
        param);

    /// <param name="param">The member with the cap, by the name that the client used.</param>
    /// <param name="asked">Requested tokens per choice.</param>
    /// <param name="limit">Tokens that the model's context holds.</param>
    public static OpenAiError OutputCapTooLarge(string param, long asked, long limit) => new(
        400,
        InvalidRequest,
        "context_length_exceeded",
        $"{param} is too large: {asked}. This model supports at most {limit} completion tokens, whereas you provided {asked}.",
        param);

    /// <param name="limitBytes">Largest accepted body.</param>
    public static OpenAiError BodyTooLarge(long limitBytes) =>
        new(413, InvalidRequest, "request_too_large", $"The request body is larger than the {limitBytes} bytes that this server reads.");

    /// <param name="accepted">What the endpoint reads.</param>
    public static OpenAiError UnsupportedMediaType(string? contentType, BodyTypes accepted = BodyTypes.Json) => new(
        415,
        InvalidRequest,
        "unsupported_content_type",
        $"Unsupported content type: '{Shorten(contentType ?? "")}'. This endpoint accepts " + accepted switch
        {
            BodyTypes.Form => $"'{RequestForm.MediaType}'.",
            BodyTypes.Json => "'application/json'.",
            BodyTypes.Json | BodyTypes.Tensors =>
                $"'application/json', and '{TensorBodies.MediaType}' with the header {TensorBodies.HeaderLength}.",
            _ => $"'application/json' and '{RequestForm.MediaType}'.",
        });

    /// <param name="meant">The URL that the client probably meant; null when none is similar.</param>
    public static OpenAiError UnknownUrl(string method, string path, string? meant = null) => new(
        404,
        InvalidRequest,
        "unknown_url",
        $"Unknown request URL: {Shorten(method)} {Shorten(path)}. " + (meant is null
            ? "Please check the URL for typos, or see /docs for the URLs that exist: they begin with /v1."
            : $"Did you mean {Shorten(meant)}? The base URL of a client ends in /v1."));

    /// <param name="allowed">Such as <c>POST</c>.</param>
    public static OpenAiError MethodNotAllowed(string method, string path, string allowed) => new(
        405,
        InvalidRequest,
        "method_not_supported",
        $"Not allowed to {Shorten(method)} on {Shorten(path)}. This URL accepts {allowed}.");

    private static OpenAiError NotParsed(string why) =>
        new(400, InvalidRequest, null, $"We could not parse the JSON body of your request: {why}.");

    /// <summary>Shortens a client's text for repetition in a message.</summary>
    public static string Shorten(string text)
    {
        if (text.Length <= LongestEcho)
        {
            return text;
        }

        var length = char.IsHighSurrogate(text[LongestEcho - 1]) ? LongestEcho - 1 : LongestEcho;
        return text[..length] + "…";
    }
}
