using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Parses the input of a moderation: a text, several texts, or the parts of one input, texts and pictures.</summary>
internal struct ModerationInputs
{
    private const int Most = 2048;
    private const string Forms = "a string, an array of strings, or an array of content parts";
    internal static readonly MemberNames PartNames = new("type", "text", "image_url");
    internal static readonly MemberNames ImageNames = new("url");

    public ModerationInputs()
    {
    }

    public List<PromptInput> Inputs { get; } = [];

    public PictureInputs Pictures { get; } = new(ImageRequest.MostImages);

    /// <summary>Whether texts and pictures are parts of one input.</summary>
    public bool AreParts { get; private set; }

    /// <summary>The member with the first text; null without one.</summary>
    public string? TextParam { get; private set; }

    public long Utf8Bytes { get; private set; }

    public readonly PromptSize Size => new(Utf8Bytes, 0, 0, Inputs.Count);

    public readonly int Count => Inputs.Count + Pictures.Pictures.Count;

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
            AreParts = Count == 0 ? reader.Kind == JsonTokenType.StartObject : AreParts;
            if (Count == Most)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {Most} elements"));
            }

            if (!(AreParts ? ReadPart(ref reader) : AddText(ref reader)))
            {
                return false;
            }
        }

        return reader.Error is null && (Count > 0 || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), Forms, "an empty array")));
    }

    private bool ReadPart(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, texts, pictures, type) = (UInt128.Zero, Inputs.Count, Pictures.Pictures.Count, (string?)null);
        while (reader.NextMember(PartNames, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadMember(ref reader, name, ref type))
            {
                return false;
            }
        }

        if (reader.Error is not null || type is null)
        {
            return reader.Error is null && reader.FailMissing("type");
        }

        var (hasText, hasPicture) = (Inputs.Count > texts, Pictures.Pictures.Count > pictures);
        return type == "text"
            ? hasText ? !hasPicture || FailOther(ref reader, "image_url", type) : reader.FailMissing("text")
            : hasPicture ? !hasText || FailOther(ref reader, "text", type) : reader.FailMissing("image_url");
    }

    private bool ReadMember(ref RequestReader reader, string name, ref string? type)
    {
        switch (name)
        {
            case "type":
                type = reader.Is("text"u8) ? "text" : reader.Is("image_url"u8) ? "image_url" : null;
                return type is not null
                    || (reader.Kind != JsonTokenType.String ? reader.FailType("a string") : reader.FailValue("'text' or 'image_url'"));
            case "text":
                return AddText(ref reader);
            default:
                return AddPicture(ref reader);
        }
    }

    private static bool FailOther(ref RequestReader reader, string member, string type) =>
        reader.Fail(OpenAiError.UnsupportedParameter(reader.Below(member), $"does not belong to a part of the type '{type}'"));

    private bool AddText(ref RequestReader reader)
    {
        if (!reader.ReadString(out var text, out var bytes))
        {
            return false;
        }

        TextParam ??= reader.PathText();
        Utf8Bytes += bytes;
        Inputs.Add(new PromptInput(text, null));
        return true;
    }

    private readonly bool AddPicture(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, count) = (UInt128.Zero, Pictures.Pictures.Count);
        while (reader.NextMember(ImageNames, ref seen, out _))
        {
            if (!reader.IsNull && !Pictures.ReadOne(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null && (Pictures.Pictures.Count > count || reader.FailMissing("url"));
    }
}
