using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>The models that <c>models install</c> knows by a short name.</summary>
internal sealed class ModelCatalogue
{
    private const string Setting = "Registries:Catalogue";
    private const string Shipped = "models.catalogue.json";

    /// <summary>Most changed letters of a name that still counts as near.</summary>
    private const int MostChanges = 3;

    private ModelCatalogue(IReadOnlyList<InstallableModel> models) => Models = models;

    /// <summary>In the order of ids.</summary>
    public IReadOnlyList<InstallableModel> Models { get; }

    /// <summary>Reads the catalogue that ships with the program, or the one that <c>Registries:Catalogue</c> names.</summary>
    /// <exception cref="OperatorException">It cannot be read, or an entry is wrong.</exception>
    public static ModelCatalogue Load(IConfiguration settings)
    {
        if (settings[Setting] is not { Length: > 0 } path)
        {
            using var shipped = typeof(ModelCatalogue).Assembly.GetManifestResourceStream(Shipped)!;
            return Read(shipped, Shipped);
        }

        try
        {
            using var file = File.OpenRead(path);
            return Read(file, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"The catalogue '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <exception cref="OperatorException">It is no catalogue, or an entry is wrong.</exception>
    public static ModelCatalogue Read(Stream json, string name)
    {
        try
        {
            var models = JsonSerializer.Deserialize(json, CatalogueJson.Default.CatalogueFile)?.Models ?? [];
            foreach (var model in models)
            {
                if (EntryRules.FindFault(model) is { } fault)
                {
                    throw new OperatorException($"'{name}', entry '{model.Id}': {fault}");
                }
            }

            return models.GroupBy(model => model.Id).FirstOrDefault(group => group.Count() > 1) is { } twice
                ? throw new OperatorException($"'{name}' has two entries '{twice.Key}'.")
                : new ModelCatalogue([.. models.OrderBy(model => model.Id, StringComparer.Ordinal)]);
        }
        catch (JsonException exception)
        {
            throw new OperatorException($"'{name}' is not a catalogue of models: {exception.Message}", exception);
        }
    }

    /// <exception cref="OperatorException">There is no such entry; the message names those with a similar id.</exception>
    public InstallableModel Find(string id)
    {
        if (Models.FirstOrDefault(model => model.Id == id) is { } found)
        {
            return found;
        }

        var near = Models.Select(model => model.Id)
            .Where(other => other.Contains(id, StringComparison.OrdinalIgnoreCase) || id.Contains(other, StringComparison.OrdinalIgnoreCase)
                || CountChanges(other, id.ToLowerInvariant()) <= MostChanges).ToArray();
        throw new OperatorException(
            $"The catalogue has no '{id}'. "
            + (near.Length > 0 ? $"Did you mean {string.Join(" or ", near)}? " : "") + "All of them: ./tollgate models catalogue");
    }

    /// <summary>Letters to insert, remove or replace until two texts are equal (Levenshtein).</summary>
    private static int CountChanges(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
