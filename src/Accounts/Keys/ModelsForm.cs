namespace Tollgate.Accounts.Keys;

/// <summary>Form for the models that a key or the keys of a project may call.</summary>
public class ModelsForm
{
    public const string AllModels = "all";
    public const string OnlyThese = "only";
    public const string AllButThese = "except";

    private const int MostModels = 500;

    /// <summary><see cref="AllModels"/>, <see cref="OnlyThese"/> or <see cref="AllButThese"/>.</summary>
    public string ModelRule { get; set; } = AllModels;

    /// <summary>The ticked models, by real name or alias.</summary>
    public string[]? Models { get; set; }

    /// <summary>
    /// Fills the form. There may be both an allowed and a denied list, but a form has one, so denied models are removed from the allowed
    /// ones.
    /// </summary>
    internal void Fill(string[]? allowed, string[]? denied)
    {
        ModelRule = allowed is not null ? OnlyThese : denied is not null ? AllButThese : AllModels;
        Models = allowed?.Except(denied ?? []).ToArray() ?? denied;
    }

    /// <summary>Reads the lists, of which at most one is set.</summary>
    /// <param name="error">A sentence; null when the form is right.</param>
    internal (string[]? Allowed, string[]? Denied) ReadModels(out string? error)
    {
        string[] models = [.. (Models ?? []).Where(name => name.Length is > 0 and <= 100).Distinct().Order(StringComparer.Ordinal)];
        error = ModelRule == AllModels || models.Length is > 0 and <= MostModels ? null
            : models.Length == 0 ? "Tick at least one model, or choose all." : $"At most {MostModels} models.";
        return (ModelRule == OnlyThese ? models : null, ModelRule == AllButThese ? models : null);
    }
}
