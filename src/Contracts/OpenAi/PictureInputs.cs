using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Pictures;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A picture of a request, whose header has been checked. Its pixels are not decoded yet.</summary>
/// <param name="Param">The member that holds it, such as <c>image[1]</c>.</param>
/// <param name="Bytes">The file; null when it is a part of a form.</param>
/// <param name="Part">The part of a form; null when it came as text.</param>
public sealed record PictureInput(PictureHeader Header, string Param, byte[]? Bytes, FormPart? Part)
{
    /// <summary>The file as it came.</summary>
    /// <exception cref="ObjectDisposedException">It is a part of a form that was disposed.</exception>
    public ReadOnlyMemory<byte> File => Part is { } part ? part.Bytes : Bytes;

    /// <summary>What the first of some pictures use: pictures, and pixels as their headers state them.</summary>
    /// <param name="count">0 to their number.</param>
    public static Units UnitsOf(IReadOnlyList<PictureInput> pictures, int count) =>
        new(0, Images: count, Pixels: pictures.Take(count).Sum(picture => picture.Header.Pixels));
}

/// <summary>Parses pictures as base64 or data URLs, one or an array of several, or as files of a form.</summary>
/// <param name="most">Most pictures; of 1, there is no array.</param>
internal readonly struct PictureInputs(int most)
{
    private const string OneForm = "a string: base64 or a data URL";
    private const string Forms = "a string or an array of strings: base64 or data URLs";

    public List<PictureInput> Pictures { get; } = [];

    public bool Read(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            return ReadOne(ref reader);
        }

        if (reader.Kind != JsonTokenType.StartArray || most == 1)
        {
            return reader.FailType(most == 1 ? OneForm : Forms);
        }

        reader.Enter();
        while (reader.NextElement())
        {
            if (Pictures.Count == most)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {most} pictures"));
            }

            if (!ReadOne(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null && (Pictures.Count > 0
            || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "at least one picture", "an empty array")));
    }

    /// <summary>Reads a picture as text.</summary>
    public bool ReadOne(ref RequestReader reader)
    {
        if (!reader.ReadUtf8(out var text))
        {
            return false;
        }

        var param = reader.PathText();
        if (Pictures.Count == most)
        {
            return reader.Fail(OpenAiError.InvalidValue(param, $"at most {most} pictures"));
        }

        if (text.IndexOf("://"u8) is >= 0 and < 32)
        {
            return reader.Fail(OpenAiError.PictureByUrl(param));
        }

        return Decode(text) is { } file ? Add(ref reader, file, param) : reader.Fail(OpenAiError.InvalidPictureText(param));
    }

    /// <summary>Reads a file of a form.</summary>
    /// <param name="name">Name of the part; one that ends in <c>[]</c> may come several times.</param>
    public bool Read(FormReader reader, string name)
    {
        if (!reader.ReadFile(out var part))
        {
            return false;
        }

        if (Pictures.Count == most)
        {
            return reader.Fail(OpenAiError.InvalidValue(name, most == 1 ? "one picture" : $"at most {most} pictures"));
        }

        var param = name.EndsWith("[]", StringComparison.Ordinal) ? $"{name[..^2]}[{Pictures.Count}]" : name;
        var fault = PictureHeader.Read(part.Bytes.Span, out var header);
        Pictures.Add(new PictureInput(header, param, Bytes: null, part));
        return fault == PictureFault.None || reader.Fail(OpenAiError.InvalidPicture(param, fault));
    }

    private bool Add(ref RequestReader reader, byte[] file, string param)
    {
        var fault = PictureHeader.Read(file, out var header);
        Pictures.Add(new PictureInput(header, param, file, Part: null));
        return fault == PictureFault.None || reader.Fail(OpenAiError.InvalidPicture(param, fault));
    }

    /// <summary>The bytes of base64 or of a data URL (RFC 2397); null for anything else.</summary>
    private static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        if (text.Length > 5 && Ascii.EqualsIgnoreCase(text[..5], "data:"u8))
        {
            var comma = text.IndexOf((byte)',');
            var type = comma < 0 ? default : text[5..comma];
            if (!IsPictureType(type))
            {
                return null;
            }

            text = text[(comma + 1)..];
        }

        if (!Base64.IsValid(text, out var length))
        {
            return null;
        }

        var file = new byte[length];
        return Base64.DecodeFromUtf8(text, file, out _, out _) == OperationStatus.Done ? file : null;
    }

    /// <summary>Whether the text between <c>data:</c> and the comma states a picture in base64. The format is found from the file
    /// itself.</summary>
    private static bool IsPictureType(ReadOnlySpan<byte> type) =>
        type.Length > 13 && Ascii.EqualsIgnoreCase(type[..6], "image/"u8) && Ascii.EqualsIgnoreCase(type[^7..], ";base64"u8);
}
