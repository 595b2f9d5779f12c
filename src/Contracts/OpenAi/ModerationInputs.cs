using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Parses the input of a moderation: a text, several texts, or the parts of one input.</summary>
internal struct ModerationInputs
{
    private const int Most = 2048;
    private const string Forms = "a string, an array of strings, or an array of content parts";
    private const string NoPictures = "is not supported: pictures are not moderated here, only 'text' parts are";
    internal static readonly MemberNames PartNames = new("type", "text", "image_url");

    public ModerationInputs()
    {
    }

    public List<PromptInput> Inputs { get; } = [];

    /// <summary>Whether the texts are parts of one input.</summary>
    public bool AreParts { get; private set; }

    public long Utf8Bytes { get; private set; }

    public readonly PromptSize Size => new(Utf8Bytes, 0, 0, Inputs.Count);

    public bool Read(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            return AddText(ref reader);
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType(Forms);
        }

        reader.Enter();
        while (reader.NextElement())
        {
            AreParts = Inputs.Count == 0 ? reader.Kind == JsonTokenType.StartObject : AreParts;
            if (Inputs.Count == Most)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {Most} elements"));
            }

            if (!(AreParts ? ReadPart(ref reader) : AddText(ref reader)))
            {
                return false;
            }
        }

        return reader.Error is null && (Inputs.Count > 0
            || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), Forms, "an empty array")));
    }

    private bool ReadPart(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, count, hasType) = (0UL, Inputs.Count, false);
        while (reader.NextMember(PartNames, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadMember(ref reader, name, ref hasType))
            {
                return false;
            }
        }

        return reader.Error is null && (hasType || reader.FailMissing("type")) && (Inputs.Count > count || reader.FailMissing("text"));
    }

    private bool ReadMember(ref RequestReader reader, string name, ref bool hasType)
    {
        switch (name)
        {
            case "type":
                hasType = reader.Is("text"u8);
                return hasType || FailPartType(ref reader);
            case "text":
                return AddText(ref reader);
            default:
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported(NoPictures) : reader.FailType("an object");
        }
    }

    private static bool FailPartType(ref RequestReader reader) =>
        reader.Kind != JsonTokenType.String ? reader.FailType("a string")
        : reader.Is("image_url"u8) ? reader.FailUnsupported("can only be 'text': pictures are not moderated here")
        : reader.FailValue("'text'");

    private bool AddText(ref RequestReader reader)
    {
        if (!reader.ReadString(out var text, out var bytes))
        {
            return false;
        }

        Utf8Bytes += bytes;
        Inputs.Add(new PromptInput(text, null));
        return true;
    }
}
