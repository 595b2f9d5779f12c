using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Pictures;

/// <summary>
/// Reads <c>preprocessor_config.json</c> as the transformers library writes it. A closed world: a member that is not known here, or a value
/// that is not supported, is refused by name, because leaving it out would change every answer.
/// </summary>
internal sealed class PreprocessorConfig
{
    public const string FileName = "preprocessor_config.json";

    private static readonly string[] TypeMembers = ["image_processor_type", "feature_extractor_type"];

    /// <summary>Longest side that a model may read, pixels; it bounds the memory of a request.</summary>
    private const int LongestSide = 1024;

    /// <summary>Below this edge ConvNeXT's processor resizes beyond the cut; from it on it resizes to a square.</summary>
    private const int ConvNextSquareEdge = 384;

    /// <summary>Members that describe the processor or its callers, not what it does to a picture.</summary>
    private static readonly HashSet<string> Descriptive = new(StringComparer.Ordinal)
    {
        "_valid_processor_keys", "auto_map", "default_to_square", "device", "disable_grouping", "feature_extractor_type",
        "image_processor_type", "input_data_format", "model_input_names", "processor_class", "return_tensors",
    };

    private readonly JsonElement _config;
    private readonly HashSet<string> _read = new(Descriptive, StringComparer.Ordinal);

    private PreprocessorConfig(JsonElement config) => _config = config;

    /// <param name="json">The file.</param>
    /// <param name="channelsLast">The layout of the graph's input.</param>
    /// <exception cref="ModelImportException">The file has another form, or asks for what is not supported.</exception>
    public static PicturePreparation Read(JsonElement json, bool channelsLast)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ModelImportException($"'{FileName}' is not an object.");
        }

        var config = new PreprocessorConfig(json);
        var preparation = config.Read(channelsLast);
        config.RefuseRest();
        return preparation;
    }

    private PicturePreparation Read(bool channelsLast)
    {
        RequireTrue("do_resize");
        RequireTrue("do_convert_rgb");
        if (Member("data_format") is { } format && format.ToString() != (channelsLast ? "channels_last" : "channels_first"))
        {
            throw Refuse("data_format", "is another layout than that of the graph's input");
        }

        var resample = Member("resample") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var filter)
            && Enum.IsDefined((ResizeFilter)filter)
            ? (ResizeFilter)filter : throw Refuse("resample", "must be 1 (Lanczos), 2 (bilinear) or 3 (bicubic)");
        var (shortest, resizeWidth, resizeHeight, width, height) = ReadSizes();
        if (width is < 1 or > LongestSide || height is < 1 or > LongestSide)
        {
            throw Refuse("size", $"makes the model read {width} x {height} pixels; a side of 1 to {LongestSide} is supported");
        }

        if (width > (shortest ?? resizeWidth) || height > (shortest ?? resizeHeight))
        {
            throw Refuse("crop_size", "is larger than the resized picture");
        }

        var factor = Number("rescale_factor") ?? 1.0 / 255;
        factor = Flag("do_rescale", true) ? factor : 1;
        var normalizes = Flag("do_normalize", true);
        var (mean, deviation) = (Channels("image_mean", normalizes, 0), Channels("image_std", normalizes, 1));
        if (Flag("include_top", false))
        {
            // EfficientNet's processor then divides by the deviation a second time.
            deviation = [.. deviation.Select(value => value * value)];
        }

        return deviation.All(value => value > 0)
            ? new PicturePreparation(
                width, height, shortest, resizeWidth, resizeHeight, resample, factor, mean, deviation, channelsLast)
            : throw Refuse("image_std", "must be above 0");
    }

    /// <summary>The edge or size after resizing, and what is cut out of it.</summary>
    private (int? Shortest, int ResizeWidth, int ResizeHeight, int Width, int Height) ReadSizes()
    {
        var (shortest, width, height) = ReadSize("size") ?? throw Refuse("size", "is missing");
        var cropped = ReadSize("crop_size");
        if (Number("crop_pct") is { } share)
        {
            return shortest is { } edge && IsOfType("ConvNext") && share is > 0 and <= 1 && edge <= LongestSide
                ? edge < ConvNextSquareEdge ? ((int)(edge / share), 0, 0, edge, edge) : (null, edge, edge, edge, edge)
                : throw Refuse("crop_pct", "is supported for ConvNeXT's processor alone, above 0 to 1 beside a shortest edge");
        }

        if (!Flag("do_center_crop", cropped is not null))
        {
            return shortest is null ? (null, width, height, width, height)
                : throw Refuse("size", "keeps the proportions, so that the model would read pictures of any size; it needs a centre crop");
        }

        return cropped switch
        {
            (null, var cropWidth, var cropHeight) => (shortest, width, height, cropWidth, cropHeight),
            ({ } square, _, _) => (shortest, width, height, square, square),
            _ => throw Refuse("crop_size", "is missing"),
        };
    }

    /// <summary>A size in its three forms: a number, <c>height</c> and <c>width</c>, or <c>shortest_edge</c>.</summary>
    private (int? Shortest, int Width, int Height)? ReadSize(string name)
    {
        if (Member(name) is not { } size)
        {
            return null;
        }

        if (size.ValueKind == JsonValueKind.Number && size.TryGetInt32(out var side))
        {
            return name == "crop_size" || IsOfType("ViT", "DeiT", "Beit") ? (null, side, side)
                : IsOfType("ConvNext", "CLIP", "MobileNet") ? (side, 0, 0)
                : throw Refuse(name, "is a number, which image processors read in two ways; write height and width, or shortest_edge");
        }

        int? Side(string member) =>
            size.ValueKind == JsonValueKind.Object && size.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var pixels) && pixels is > 0 and <= 65_536 ? pixels : null;

        var members = size.ValueKind == JsonValueKind.Object ? size.EnumerateObject().Count() : 0;
        return (members, Side("shortest_edge"), Side("width"), Side("height")) switch
        {
            (1, { } edge, _, _) => (edge, 0, 0),
            (2, _, { } width, { } height) => (null, width, height),
            _ => throw Refuse(name, "must be a number, height and width, or shortest_edge"),
        };
    }

    private void RequireTrue(string name)
    {
        if (!Flag(name, true))
        {
            throw Refuse(name, "must be true");
        }
    }

    private bool Flag(string name, bool absent) => Member(name)?.ValueKind switch
    {
        null => absent,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse(name, "must be true or false"),
    };

    private double? Number(string name) => Member(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when double.IsFinite(value.GetDouble()) => value.GetDouble(),
        _ => throw Refuse(name, "must be a number"),
    };

    private double[] Channels(string name, bool used, double unused)
    {
        if (Member(name) is not { } list || !used)
        {
            return used ? throw Refuse(name, "is missing") : [unused, unused, unused];
        }

        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 3
            && list.EnumerateArray().All(value => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()))
            ? [.. list.EnumerateArray().Select(value => value.GetDouble())] : throw Refuse(name, "must be three numbers");
    }

    /// <summary>Whether the config is of one of these image processors, by the beginning of its name.</summary>
    private bool IsOfType(params string[] beginnings) => TypeMembers
        .Any(member => _config.TryGetProperty(member, out var type) && type.ValueKind == JsonValueKind.String
            && beginnings.Any(beginning => type.GetString()!.StartsWith(beginning, StringComparison.Ordinal)));

    /// <summary>A member that is not null.</summary>
    private JsonElement? Member(string name)
    {
        _read.Add(name);
        return _config.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private void RefuseRest()
    {
        foreach (var member in _config.EnumerateObject().Where(member =>
            !_read.Contains(member.Name) && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)))
        {
            throw Refuse(member.Name.Length <= 100 ? member.Name : $"{member.Name[..100]}…", "is not supported");
        }
    }

    private static ModelImportException Refuse(string member, string why) => new($"'{member}' of '{FileName}' {why}.");
}
