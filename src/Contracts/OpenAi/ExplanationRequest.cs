using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>How the answers of a classifier are to be explained, the member <c>explain</c>; and what that costs. Gateway and worker read
/// both here.</summary>
public sealed record ExplanationRequest
{
    /// <summary>Most texts of a request that explains, and most rows that a worker cuts them into.</summary>
    public const int MostTexts = 16;

    public const int FewestSteps = 17;

    /// <summary>A power of 2, and 1.</summary>
    public const int MostSteps = 1025;

    public const int DefaultSteps = 129;

    /// <summary>A step runs a text forth and back, which takes about as long as reading it three times.</summary>
    private const int ReadingsPerStep = 3;

    private const int LongestLabel = 256;

    internal static readonly MemberNames Names = new("label", "steps", "method");

    /// <summary>Name of the label whose score is divided; null for the best one of each text.</summary>
    public string? Label { get; init; }

    /// <summary>Most steps for a text, <see cref="FewestSteps"/> to <see cref="MostSteps"/>.</summary>
    public int Steps { get; init; } = DefaultSteps;

    public ExplanationMethod Method { get; init; }

    /// <summary>How often a text is read at most, the reading that classifies it included. Its tokens are held so many times.</summary>
    public int MostReadings => 1 + ReadingsOf(Method, Steps);

    /// <summary>How often an explanation reads a text: its tokens are billed so many times, beside the reading that classifies
    /// it.</summary>
    /// <param name="steps">Steps that were computed; 1 for <see cref="ExplanationMethod.Linear"/>.</param>
    public static int ReadingsOf(ExplanationMethod method, int steps) =>
        method == ExplanationMethod.Linear ? 1 : ReadingsPerStep * steps;

    /// <summary>Reads <c>true</c>, <c>false</c> or an object.</summary>
    /// <param name="request">Null for <c>false</c>, and after an error.</param>
    /// <returns>False after an error.</returns>
    internal static bool TryRead(ref RequestReader reader, out ExplanationRequest? request)
    {
        request = null;
        if (reader.Kind is JsonTokenType.True or JsonTokenType.False)
        {
            request = reader.Kind == JsonTokenType.True ? new ExplanationRequest() : null;
            return true;
        }

        return reader.Kind == JsonTokenType.StartObject ? ReadMembers(ref reader, out request) : reader.FailType("a boolean or an object");
    }

    /// <summary>The error of a request that cannot be explained as it is; null where it can.</summary>
    /// <param name="param">Name of the member that holds the inputs.</param>
    internal static OpenAiError? Check(ExplanationRequest? request, PromptSize size, string param) => request is null ? null
        : size.TokenIds > 0 ? OpenAiError.InvalidValue(param, "texts beside 'explain'", "token ids")
        : size.Prompts > MostTexts ? OpenAiError.InvalidValue(param, $"at most {MostTexts} texts beside 'explain'", $"{size.Prompts}")
        : null;

    private static bool ReadMembers(ref RequestReader reader, out ExplanationRequest? request)
    {
        request = null;
        var found = new ExplanationRequest();
        var seen = UInt128.Zero;
        reader.EnterObject();
        while (reader.NextMember(Names, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadMember(ref reader, name, ref found))
            {
                return false;
            }
        }

        request = reader.Error is null ? found : null;
        return request is not null;
    }

    private static bool ReadMember(ref RequestReader reader, string name, ref ExplanationRequest found)
    {
        if (name == "steps")
        {
            var read = reader.ReadInteger(FewestSteps, MostSteps, out var steps);
            found = found with { Steps = (int)steps };
            return read;
        }

        if (!reader.ReadString(out var text))
        {
            return false;
        }

        if (name == "label")
        {
            found = found with { Label = text };
            return text.Length is > 0 and <= LongestLabel || reader.FailValue("the name of a label");
        }

        found = found with { Method = text == "linear" ? ExplanationMethod.Linear : ExplanationMethod.IntegratedGradients };
        return text is "linear" or "integrated_gradients" || reader.FailValue("'integrated_gradients' or 'linear'");
    }
}

/// <summary>How a score is divided among the tokens of a text.</summary>
public enum ExplanationMethod
{
    /// <summary>By the gradients of the label's probability along the way from a text that says nothing.</summary>
    IntegratedGradients = 0,

    /// <summary>Exactly, of a linear layer over the mean of token vectors: by what each vector adds to the label's logit.</summary>
    Linear,
}
