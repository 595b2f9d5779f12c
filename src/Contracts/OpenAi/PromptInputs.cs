using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Parses a prompt or an input: a text, several texts, one prompt's token ids, or several prompts' token ids.</summary>
/// <param name="most">Most prompts.</param>
/// <param name="mostTokens">Most token ids of one prompt.</param>
/// <param name="emptyText">Whether a text may be empty.</param>
/// <param name="textOnly">Whether token ids are refused.</param>
internal struct PromptInputs(int most, int mostTokens, bool emptyText, bool textOnly = false)
{
    private const string AllForms = "a string, an array of strings, an array of token ids, or an array of arrays of token ids";
    private readonly string _forms = textOnly ? "a string or an array of strings" : AllForms;
    private readonly string _elements = textOnly ? "a string" : "a string, a token id or an array of token ids";

    public List<PromptInput> Inputs { get; } = [];

    public long Utf8Bytes { get; private set; }

    public long TokenIds { get; private set; }

    public readonly PromptSize Size => new(Utf8Bytes, TokenIds, 0, Inputs.Count);

    public bool Read(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            return AddText(ref reader);
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType(_forms);
        }

        reader.Enter();
        if (!reader.NextElement())
        {
            return reader.Error is null && reader.Fail(OpenAiError.InvalidValue(reader.PathText(), _forms, "an empty array"));
        }

        return reader.Kind switch
        {
            JsonTokenType.String => ReadMany(ref reader, reader.Kind),
            JsonTokenType.Number when !textOnly => AddTokens(ref reader),
            JsonTokenType.StartArray when !textOnly => ReadMany(ref reader, reader.Kind),
            _ => reader.FailType(_elements),
        };
    }

    private bool ReadMany(ref RequestReader reader, JsonTokenType kind)
    {
        do
        {
            if (Inputs.Count == most)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {most} elements"));
            }

            if (!(kind == JsonTokenType.String ? AddText(ref reader) : ReadTokens(ref reader)))
            {
                return false;
            }
        }
        while (reader.NextElement());

        return reader.Error is null;
    }

    private bool ReadTokens(ref RequestReader reader)
    {
        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("an array of token ids");
        }

        reader.Enter();
        if (!reader.NextElement())
        {
            return reader.Error is null
                && reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "at least one token id", "an empty array"));
        }

        return AddTokens(ref reader);
    }

    private bool AddText(ref RequestReader reader)
    {
        if (!reader.ReadString(out var text, out var bytes))
        {
            return false;
        }

        Utf8Bytes += bytes;
        Inputs.Add(new PromptInput(text, null));
        return emptyText || text.Length > 0 || reader.FailValue("a text that is not empty");
    }

    /// <summary>Reads token ids from the current token to the end of their array.</summary>
    private bool AddTokens(ref RequestReader reader)
    {
        var tokens = new List<int>();
        do
        {
            if (tokens.Count == mostTokens)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {mostTokens} token ids"));
            }

            if (!reader.ReadInteger(0, int.MaxValue, out var token))
            {
                return false;
            }

            tokens.Add((int)token);
        }
        while (reader.NextElement());

        TokenIds += tokens.Count;
        Inputs.Add(new PromptInput(null, tokens));
        return reader.Error is null;
    }
}
