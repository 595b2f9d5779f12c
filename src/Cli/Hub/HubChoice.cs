using Tollgate.Cli.Commands;
using Tollgate.Inference.Gguf;

namespace Tollgate.Cli.Hub;

/// <summary>Which files of a model an import needs.</summary>
internal static class HubChoice
{
    private const string Config = "config.json";
    private const string Weights = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    /// <summary>Files beside the weights that the import reads, where they are there.</summary>
    private static readonly string[] Texts =
    [
        Config, "tokenizer.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja", "README.md",
    ];

    /// <summary>Chooses the safetensors with what belongs to them, or the only GGUF model.</summary>
    /// <param name="wanted">A GGUF file that the operator names; null for none.</param>
    /// <exception cref="OperatorException">The model has neither, or several GGUF models.</exception>
    public static IReadOnlyList<HubFile> Choose(HubListing listing, HubName name, string? wanted)
    {
        var ggufs = listing.Files.Where(file => file.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (wanted is not null)
        {
            return Array.Exists(ggufs, file => file.Name == wanted)
                ? [.. ggufs.Where(file => GgufPartName.ModelOf(file.Name) == GgufPartName.ModelOf(wanted))]
                : throw new OperatorException($"{name} has no file '{wanted}'{List(ggufs)}.");
        }

        if (ChooseSafetensors(listing.Files) is { Count: > 0 } chosen)
        {
            return chosen;
        }

        var models = ggufs.DistinctBy(file => GgufPartName.ModelOf(file.Name)).ToArray();
        return models.Length switch
        {
            1 => ggufs,
            0 => throw new OperatorException(
                $"{name} has neither '{Config}' with '{Weights}' or '{Index}', nor a .gguf file. Other weights are not taken."),
            _ => throw new OperatorException($"{name} has several GGUF models{List(models)}. Name one with --file."),
        };
    }

    private static List<HubFile> ChooseSafetensors(IReadOnlyList<HubFile> files)
    {
        var names = files.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        if (!names.Contains(Config) || !(names.Contains(Weights) || names.Contains(Index)))
        {
            return [];
        }

        return
        [
            .. files.Where(file => Texts.Contains(file.Name)),
            .. files.Where(file => names.Contains(Weights) ? file.Name == Weights : file.Name == Index || IsShard(file.Name)),
        ];
    }

    private static bool IsShard(string name) =>
        name.StartsWith("model-", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal);

    private static string List(HubFile[] files) => files.Length == 0 ? "" : $": {string.Join(", ", files.Select(file => file.Name))}";
}
