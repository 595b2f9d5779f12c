using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tollgate.Learning.Jobs;

/// <summary>What a trainer leaves: a tar of the folder that the importer takes.</summary>
/// <param name="Labels">A JSON array of the labels by number.</param>
/// <param name="Evaluation">Its <c>training.json</c> without the texts of mistakes: those are only where the content is, sealed.</param>
internal sealed record TrainedTar(string Labels, string Evaluation)
{
    private const long MostJson = 16 * 1024 * 1024;
    private const string Configuration = "config.json";
    private const string Training = "training.json";
    private const string Evaluated = "evaluation";

    private static readonly string[] Names = ["model.onnx", Configuration, "tokenizer.json", Training];

    /// <summary>Reads an archive to its end.</summary>
    /// <exception cref="FormatException">It is no such archive; the message continues "the result".</exception>
    public static async Task<TrainedTar> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        var texts = new Dictionary<string, string>();
        var seen = new HashSet<string>();
        try
        {
            await using var reader = new TarReader(archive, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
                if (entry.EntryType == TarEntryType.Directory && name.Length == 0)
                {
                    continue;
                }

                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !Names.Contains(name)
                    || !seen.Add(name))
                {
                    throw new FormatException($"has the entry '{name}', which is none of {string.Join(", ", Names)} or is there twice");
                }

                if (name is Configuration or Training)
                {
                    texts[name] = await ReadTextAsync(entry, name, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new FormatException($"is no tar: {exception.Message}", exception);
        }

        return Names.FirstOrDefault(name => !seen.Contains(name)) is { } missing
            ? throw new FormatException($"has no {missing}")
            : new TrainedTar(LabelsOf(texts[Configuration]), WithoutTexts(texts[Training]));
    }

    /// <summary>The evaluation in an archive's <c>training.json</c>, as JSON.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static async Task<string> ReadEvaluationAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using var reader = new TarReader(archive, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            if (entry.Name is Training or $"./{Training}")
            {
                using var document = JsonDocument.Parse(await ReadTextAsync(entry, Training, cancellationToken));
                return document.RootElement.GetProperty(Evaluated).GetRawText();
            }
        }

        throw new FormatException($"has no {Training}");
    }

    private static async Task<string> ReadTextAsync(TarEntry entry, string name, CancellationToken cancellationToken)
    {
        if (entry.Length is 0 or > MostJson || entry.DataStream is not { } data)
        {
            throw new FormatException($"has a {name} of {entry.Length} bytes");
        }

        using var text = new StreamReader(data, leaveOpen: true);
        return await text.ReadToEndAsync(cancellationToken);
    }

    private static string WithoutTexts(string training)
    {
        try
        {
            if ((JsonNode.Parse(training) as JsonObject)?[Evaluated] is not JsonObject evaluation)
            {
                throw new FormatException($"has a {Training} without '{Evaluated}'");
            }

            evaluation.Remove("mistakes");
            return evaluation.Root.ToJsonString();
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new FormatException($"has a {Training} that is no JSON", exception);
        }
    }

    private static string LabelsOf(string configuration)
    {
        try
        {
            using var document = JsonDocument.Parse(configuration);
            var labels = document.RootElement.GetProperty("id2label").EnumerateObject()
                .OrderBy(label => int.Parse(label.Name, System.Globalization.CultureInfo.InvariantCulture))
                .Select(label => label.Value.GetString()!).ToList();
            return JsonSerializer.Serialize(labels, JobJson.Default.IReadOnlyListString);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new FormatException($"has a {Configuration} without 'id2label'", exception);
        }
    }
}
