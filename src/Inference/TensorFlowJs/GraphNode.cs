using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>A node of a TensorFlow graph as TF.js writes it: protobuf's JSON, with whole numbers as texts and texts as base64.</summary>
/// <param name="Inputs">Names of nodes, with <c>:1</c> and so on behind one whose first output is not meant.</param>
internal sealed record GraphNode(string Name, string Operator, IReadOnlyList<string> Inputs, JsonElement Attributes)
{
    private const int LongestText = 1000;

    /// <summary>A whole number of an attribute; the default where there is none.</summary>
    public long Integer(string name, long absent) => Find(name, "i") is { } value ? ToInteger(name, value) : absent;

    public float Real(string name, float absent) => Find(name, "f") is { } value ? ToReal(name, value) : absent;

    public bool Flag(string name, bool absent = false) => Find(name, "b") switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Damaged(name),
    };

    public string? Text(string name) => Find(name, "s") is { } value ? ToText(name, value) : null;

    /// <summary>The name of a type, such as <c>DT_FLOAT</c>.</summary>
    public string? Type(string name) => Find(name, "type") is { } value
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw Damaged(name) : null;

    /// <summary>A list of whole numbers; empty where there is none.</summary>
    public long[] Integers(string name) => [.. List(name, "i").Select(value => ToInteger(name, value))];

    /// <summary>A list of texts; empty where there is none.</summary>
    public string[] Texts(string name) => [.. List(name, "s").Select(value => ToText(name, value))];

    /// <summary>The sizes of a shape, −1 where one is free; null where there is no shape, or one of any rank.</summary>
    public long[]? Shape(string name) => Find(name, "shape") is { } shape ? ReadShape(shape) ?? throw Damaged(name) : null;

    /// <summary>Reads protobuf's JSON of a <c>TensorShapeProto</c>; null where it is none.</summary>
    public static long[]? ReadShape(JsonElement shape)
    {
        if (shape.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (!shape.TryGetProperty("dim", out var dimensions) || dimensions.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var sizes = new List<long>();
        foreach (var dimension in dimensions.EnumerateArray())
        {
            if (dimension.ValueKind != JsonValueKind.Object || !dimension.TryGetProperty("size", out var size)
                || ParseInteger(size) is not { } number || number < -1)
            {
                return null;
            }

            sizes.Add(number);
        }

        return [.. sizes];
    }

    /// <summary>An error that names this node.</summary>
    public ModelImportException Refuse(string why) => new($"The node '{Shorten(Name)}' ({Shorten(Operator)}) {why}.");

    private ModelImportException Damaged(string attribute) => Refuse($"has a damaged attribute '{attribute}'");

    private JsonElement? Find(string name, string kind) =>
        Attributes.ValueKind == JsonValueKind.Object && Attributes.TryGetProperty(name, out var attribute)
        && attribute.ValueKind == JsonValueKind.Object && attribute.TryGetProperty(kind, out var value) ? value : null;

    private JsonElement[] List(string name, string kind) =>
        Find(name, "list") is { ValueKind: JsonValueKind.Object } list && list.TryGetProperty(kind, out var values)
            ? values.ValueKind == JsonValueKind.Array ? [.. values.EnumerateArray()] : throw Damaged(name) : [];

    private long ToInteger(string name, JsonElement value) => ParseInteger(value) ?? throw Damaged(name);

    /// <summary>Protobuf's JSON writes a whole number of 64 bits as a text; other writers write a number.</summary>
    private static long? ParseInteger(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetInt64(out var number) ? number : null,
        JsonValueKind.String => long.TryParse(
            value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => null,
    };

    private float ToReal(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && float.IsFinite((float)value.GetDouble())
            ? (float)value.GetDouble() : throw Damaged(name);

    private string ToText(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: <= LongestText } text || !Base64.IsValid(text))
        {
            throw Damaged(name);
        }

        return Encoding.ASCII.GetString(Convert.FromBase64String(text));
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : $"{text[..100]}…";
}
